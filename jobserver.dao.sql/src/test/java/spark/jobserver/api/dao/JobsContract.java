package spark.jobserver.api.dao;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.io.ByteArrayInputStream;
import java.io.IOException;
import java.time.Instant;
import java.util.ArrayList;
import java.util.Collections;
import java.util.Comparator;
import java.util.EnumMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Random;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;
import spark.jobserver.api.Binary;
import spark.jobserver.api.BinaryType;
import spark.jobserver.api.Content;
import spark.jobserver.api.Failure;
import spark.jobserver.api.Job;
import spark.jobserver.api.JobFilter;
import spark.jobserver.api.JobState;

/** Jobs, their configurations and their results. */
abstract class JobsContract extends ContractChapter {
  @Test
  void aJobIsFoundAsItWasInserted() {
    Binary binary = insertBinary("app", BinaryType.WHEEL, TIME, "app");
    Job job = insertJob(job(binary, TIME.plusMillis(1)));

    assertThat(dao.job(job.id())).contains(job);
    assertThat(dao.jobConfig(job.id())).contains("{}");
    assertThat(dao.result(job.id())).isEmpty();
    assertThat(dao.activeJobs()).containsExactly(job);
    assertThat(dao.jobs(JobFilter.ALL, 10)).containsExactly(job);
  }

  @Test
  void aLongConfigurationIsKept() {
    Job job = job(insertBinary("app", BinaryType.EGG, TIME, "app"), TIME);
    String config = "{\"text\":\"" + "\u6771\\n\uD83D\uDE00".repeat(500_000) + "\"}";
    assertThat(insert(job, config)).isTrue();

    assertThat(dao.jobConfig(job.id())).contains(config);
    assertThat(dao.job(job.id())).contains(job);
  }

  @Test
  void aJobDoesNotStartFromAVersionThatIsNotThere() {
    Binary deleted = insertBinary("app", BinaryType.EGG, TIME, "app");
    dao.deleteBinary("app");
    Job job = job(deleted, TIME);
    assertThat(insert(job, "{}")).isFalse();
    assertThat(dao.job(job.id())).isEmpty();

    insertBinary("app", BinaryType.EGG, TIME.plusMillis(1), "app");
    assertThat(insert(job, "{}")).as("same bytes, another version").isFalse();
    insertBinary("other", BinaryType.EGG, TIME, "app");
    assertThat(insert(job, "{}")).as("same bytes, another name").isFalse();
    insertBinary("app", BinaryType.EGG, TIME, "other");
    assertThat(insert(job, "{}")).as("other bytes").isFalse();
    assertThat(dao.jobs(JobFilter.ALL, 10)).isEmpty();
  }

  @Test
  void aJobMayStartFromAVersionThatIsNotTheLatest() {
    Binary old = insertBinary("app", BinaryType.EGG, TIME, "1");
    insertBinary("app", BinaryType.EGG, TIME.plusMillis(1), "2");

    assertThat(insert(job(old, TIME), "{}")).isTrue();
  }

  @Test
  void anIdIsUsedOnce() {
    Job job = insertJob();

    assertThatThrownBy(() -> insert(job, "{\"other\":1}")).isInstanceOf(DaoException.class);
    assertThat(dao.jobConfig(job.id())).contains("{}");
  }

  @Test
  void aFinishedJobHasItsResult() throws IOException {
    Job job = insertJob();
    Instant end = TIME.plusMillis(1234);
    assertThat(
            dao.endJob(
                job.id(), JobState.FINISHED, end, Optional.empty(), Optional.of(json("[1,2]"))))
        .isTrue();

    assertThat(dao.job(job.id())).contains(job.ended(JobState.FINISHED, end, Optional.empty()));
    assertThat(text(dao.result(job.id()))).isEqualTo("[1,2]");
    assertThat(dao.jobConfig(job.id())).contains("{}");
    assertThat(dao.activeJobs()).isEmpty();
  }

  @ParameterizedTest
  @EnumSource(names = {"ERROR", "KILLED"})
  void aFailedJobHasItsFailure(JobState end) {
    Job job = insertJob();
    assertThat(dao.endJob(job.id(), end, TIME, Optional.of(FAILURE), Optional.empty())).isTrue();

    assertThat(dao.job(job.id())).contains(job.ended(end, TIME, Optional.of(FAILURE)));
    assertThat(dao.result(job.id())).isEmpty();
  }

  @Test
  void aFailureCanBeEmptyOrVeryLongOrOdd() {
    Failure empty = new Failure("", "", "");
    Failure odd = new Failure("\u0001\uFFFF'\"\\", "a.B", "  File \"x\", line 1\n".repeat(100_000));
    for (Failure failure : List.of(empty, odd)) {
      Job job = insertJob();
      dao.endJob(job.id(), JobState.ERROR, TIME, Optional.of(failure), Optional.empty());
      assertThat(dao.job(job.id())).map(Job::failure).contains(Optional.of(failure));
    }
  }

  @Test
  void aJobEndsWhateverCharactersItsErrorHolds() {
    Job job = insertJob();
    Failure failure = new Failure("a\0b", "a.B\0", "\0\n\uD800");

    assertThat(dao.endJob(job.id(), JobState.ERROR, TIME, Optional.of(failure), Optional.empty()))
        .isTrue();
    assertThat(dao.job(job.id()).orElseThrow().failure().orElseThrow().message())
        .startsWith("a")
        .endsWith("b");
  }

  @Test
  void aLargeResultIsTheSameEveryTime() throws IOException {
    byte[] bytes = bytes(5 << 20);
    Job job = insertJob();
    assertThat(
            dao.endJob(
                job.id(),
                JobState.FINISHED,
                TIME,
                Optional.empty(),
                Optional.of(Content.of(bytes))))
        .isTrue();

    for (int time = 0; time < 2; time++) {
      assertThat(read(dao.result(job.id()))).isEqualTo(bytes);
    }
  }

  @Test
  void aResultThatCannotBeReadLeavesTheJobAsItWas() throws IOException {
    Job job = insertJob();
    Content breaking =
        content(
            10,
            new Ending(
                () -> {
                  throw new IOException("the disk is gone");
                }));
    Content tooShort = content(10, new ByteArrayInputStream(new byte[9]));
    for (Content result : List.of(breaking, tooShort)) {
      assertThatThrownBy(
              () ->
                  dao.endJob(
                      job.id(), JobState.FINISHED, TIME, Optional.empty(), Optional.of(result)))
          .isInstanceOf(DaoException.class);
    }
    assertThat(dao.job(job.id())).contains(job);
    assertThat(dao.result(job.id())).isEmpty();
    assertThat(finish(job.id())).isTrue();
    assertThat(text(dao.result(job.id()))).isEqualTo("0");
  }

  @ParameterizedTest
  @EnumSource(names = {"FINISHED", "ERROR", "KILLED"})
  void aFinalJobNeverChanges(JobState end) throws IOException {
    Job job = insertJob();
    boolean finished = end == JobState.FINISHED;
    Optional<Failure> failure = finished ? Optional.empty() : Optional.of(FAILURE);
    Optional<Content> result = finished ? Optional.of(json("true")) : Optional.empty();
    assertThat(dao.endJob(job.id(), end, TIME, failure, result)).isTrue();

    Optional<Failure> other = Optional.of(Failure.of("other"));
    assertThat(finish(job.id())).isFalse();
    assertThat(dao.endJob(job.id(), JobState.ERROR, TIME, other, Optional.empty())).isFalse();
    assertThat(dao.endJob(job.id(), JobState.KILLED, TIME, other, Optional.empty())).isFalse();
    assertThat(dao.job(job.id())).contains(job.ended(end, TIME, failure));
    assertThat(dao.result(job.id()).isPresent()).isEqualTo(finished);
    if (finished) {
      assertThat(text(dao.result(job.id()))).isEqualTo("true");
    }
  }

  @Test
  void endingAJobThatIsNotOnRecordChangesNothing() {
    assertThat(finish(NEVER_SEEN)).isFalse();
    assertThat(dao.job(NEVER_SEEN)).isEmpty();
    assertThat(dao.result(NEVER_SEEN)).isEmpty();
  }

  @Test
  void aJobDoesNotEndInAStateThatIsNotFinal() {
    Job job = insertJob();

    assertThatThrownBy(
            () -> dao.endJob(job.id(), JobState.RUNNING, TIME, Optional.empty(), Optional.empty()))
        .isInstanceOf(RuntimeException.class);
    assertThat(dao.job(job.id())).contains(job);
  }

  @Test
  void jobsAreListedByStartTimeAndThenByIdTheLatestFirst() {
    Binary binary = insertBinary("app", BinaryType.EGG, TIME, "app");
    List<Job> jobs = new ArrayList<>();
    for (int i = 0; i < 12; i++) {
      jobs.add(job(binary, TIME.plusMillis(i / 4)));
    }
    jobs.sort(Comparator.comparing(Job::startTime).thenComparing(Job::id));
    List<Job> shuffled = new ArrayList<>(jobs);
    Collections.shuffle(shuffled, new Random(7));
    shuffled.forEach(this::insertJob);

    assertThat(dao.activeJobs()).containsExactlyElementsOf(jobs);
    Collections.reverse(jobs);
    assertThat(dao.jobs(JobFilter.ALL, 100)).containsExactlyElementsOf(jobs);
    assertThat(dao.jobs(JobFilter.ALL, 12)).containsExactlyElementsOf(jobs);
    assertThat(dao.jobs(JobFilter.ALL, 5)).containsExactlyElementsOf(jobs.subList(0, 5));
    assertThat(dao.jobs(JobFilter.ALL, 1)).containsExactly(jobs.get(0));
    assertThat(dao.jobs(JobFilter.ALL, 0)).isEmpty();
    assertThat(dao.jobs(JobFilter.ALL, Integer.MAX_VALUE)).hasSize(12);
  }

  @Test
  void jobsAreListedByState() {
    Binary binary = insertBinary("app", BinaryType.EGG, TIME, "app");
    Map<JobState, List<Job>> byState = new EnumMap<>(JobState.class);
    for (int round = 0; round < 3; round++) {
      for (JobState state : JobState.values()) {
        Job job = insertJob(job(binary, TIME.plusMillis(round)), state);
        byState.computeIfAbsent(state, any -> new ArrayList<>()).add(0, job);
      }
    }

    for (JobState state : JobState.values()) {
      List<Job> expected = byState.get(state);
      assertThat(dao.jobs(JobFilter.ALL.in(state), 100)).containsExactlyElementsOf(expected);
      assertThat(dao.jobs(JobFilter.ALL.in(state), 2))
          .containsExactlyElementsOf(expected.subList(0, 2));
    }
    assertThat(dao.activeJobs())
        .containsExactlyInAnyOrderElementsOf(
            Stream.of(JobState.STARTED, JobState.RUNNING)
                .flatMap(state -> byState.get(state).stream())
                .toList());
  }

  private Job insertJob(Job job, JobState state) {
    if (!state.isFinal()) {
      return insertJob(job.in(state));
    }
    insertJob(job);
    Optional<Failure> failure =
        state == JobState.FINISHED ? Optional.empty() : Optional.of(FAILURE);
    assertThat(dao.endJob(job.id(), state, TIME.plusSeconds(1), failure, Optional.empty()))
        .isTrue();
    return job.ended(state, TIME.plusSeconds(1), failure);
  }

  @Test
  void aKillWishIsRememberedUntilTheJobIsFinal() {
    Job wished = insertJob();
    insertJob();
    assertThat(dao.killWishes()).isEmpty();

    assertThat(dao.wishKill(wished.id())).isTrue();
    assertThat(dao.wishKill(wished.id())).as("again").isTrue();
    assertThat(dao.killWishes()).containsExactly(wished.id());
    assertThat(dao.job(wished.id())).as("nothing else changes").contains(wished);

    dao.endJob(wished.id(), JobState.KILLED, TIME, Optional.of(FAILURE), Optional.empty());
    assertThat(dao.killWishes()).isEmpty();
    assertThat(dao.wishKill(wished.id())).isFalse();
    assertThat(dao.killWishes()).isEmpty();
  }

  @Test
  void nobodyWishesToKillAJobThatIsNotOnRecord() {
    assertThat(dao.wishKill(NEVER_SEEN)).isFalse();
    assertThat(dao.killWishes()).isEmpty();
  }
}
