package spark.jobserver.api.dao;

import static org.assertj.core.api.Assertions.assertThat;

import java.time.Instant;
import java.util.List;
import java.util.Optional;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import spark.jobserver.api.Binary;
import spark.jobserver.api.BinaryType;
import spark.jobserver.api.Context;
import spark.jobserver.api.ContextState;
import spark.jobserver.api.Job;
import spark.jobserver.api.JobFilter;
import spark.jobserver.api.JobState;
import spark.jobserver.api.dao.Expired.ExpiredJob;

/** Part of {@link JobDaoContract}: what is removed when it is old, and callbacks. */
abstract class HistoryContract extends ContractChapter {
  private Binary binary;

  @BeforeEach
  void insertBinary() {
    binary = insertBinary("any", BinaryType.EGG, TIME, "any");
  }

  private Job ended(Context context, Instant end, JobInput input) {
    Job job =
        new Job(
            id(),
            context.id(),
            context.name(),
            1,
            binary,
            "m.C",
            TIME,
            Optional.empty(),
            JobState.STARTED,
            Optional.empty(),
            "");
    assertThat(dao.insertJob(job, input)).isInstanceOf(JobInsertion.Inserted.class);
    dao.endJob(job.id(), JobState.FINISHED, end, Optional.empty(), Optional.of(json("[1]")));
    return job;
  }

  private Context endedContext(String name, Instant end) {
    Context context = context(name, TIME);
    assertThat(dao.insertContext(context)).isTrue();
    dao.saveDriver(new DriverRecord(context.id(), 1, "process", "token", "key"));
    assertThat(dao.updateContext(context.ended(ContextState.FINISHED, end, Optional.empty())))
        .isTrue();
    return context;
  }

  private static ExpiredJob expired(Job job) {
    return new ExpiredJob(job.id(), job.contextId());
  }

  @Test
  void whatEndedLongAgoIsRemovedWithAllThatBelongsToIt() {
    Context context = endedContext("old", TIME.plusSeconds(1));
    RequestKey key = new RequestKey("me", "key", "request");
    JobInput input = new JobInput("{\"a\":1}", Optional.empty(), Optional.of(key));
    Binary lib = insertBinary("lib", BinaryType.WHEEL, TIME, "lib");
    Job job = ended(context, TIME, input.with(List.of(lib)));

    assertThat(dao.removeEnded(TIME, 10).isEmpty()).as("not before its end").isTrue();
    Expired removed = dao.removeEnded(TIME.plusSeconds(2), 10);

    assertThat(removed).isEqualTo(new Expired(List.of(expired(job)), List.of(context.id())));
    assertThat(dao.job(job.id())).isEmpty();
    assertThat(dao.result(job.id())).isEmpty();
    assertThat(dao.jobConfig(job.id())).isEmpty();
    assertThat(dao.jobDependencies(job.id())).isEmpty();
    assertThat(dao.keyUsed("me", "key")).isEmpty();
    assertThat(dao.context(context.id())).isEmpty();
    assertThat(dao.latestContext("old")).isEmpty();
    assertThat(dao.driver(context.id())).isEmpty();
    assertThat(dao.removeEnded(TIME.plusSeconds(2), 10).isEmpty()).isTrue();
  }

  @Test
  void whatHasNotEndedStays() {
    Context context = context("running", TIME);
    dao.insertContext(context);
    Job running = insertJob(job(binary, TIME));
    Job late = ended(context, TIME.plusSeconds(5), JobInput.of("{}"));

    assertThat(dao.removeEnded(TIME.plusSeconds(2), 10).isEmpty()).isTrue();
    assertThat(dao.jobs(JobFilter.ALL, 10))
        .extracting(Job::id)
        .containsExactlyInAnyOrder(running.id(), late.id());
    assertThat(dao.result(late.id())).isPresent();
    assertThat(dao.activeContexts()).containsExactly(context);
  }

  @Test
  void aContextStaysAsLongAsAJobOfIt() {
    Context context = endedContext("old", TIME);
    ended(context, TIME.plusSeconds(5), JobInput.of("{}"));

    assertThat(dao.removeEnded(TIME.plusSeconds(2), 10).isEmpty()).isTrue();
    assertThat(dao.context(context.id())).isPresent();
  }

  @Test
  void theEarliestAreRemovedFirstAndNoMoreThanAskedFor() {
    Context context = context("running", TIME);
    dao.insertContext(context);
    Job second = ended(context, TIME.plusSeconds(2), JobInput.of("{}"));
    Job first = ended(context, TIME.plusSeconds(1), JobInput.of("{}"));

    Instant later = TIME.plusSeconds(9);
    assertThat(dao.removeEnded(later, 1).jobs()).containsExactly(expired(first));
    assertThat(dao.removeEnded(later, 1).jobs()).containsExactly(expired(second));
  }

  @Test
  void aBinaryOutlivesTheJobsThatRanFromIt() {
    Context context = endedContext("old", TIME);
    ended(context, TIME, JobInput.of("{}"));
    dao.removeEnded(TIME.plusSeconds(2), 10);

    assertThat(dao.latestBinary("any")).contains(binary);
    assertThat(dao.binaryBytes(binary.digest())).isPresent();
  }

  @Test
  void aCallbackIsPendingFromTheEndOfItsJobUntilItIsForgotten() {
    Context context = endedContext("old", TIME);
    String url = "http://host:1/\u00e4" + "x".repeat(3000);
    JobInput input = new JobInput("{}", Optional.of(url), Optional.empty());
    Job running = job(binary, TIME);
    dao.insertJob(running, input);
    assertThat(dao.callback(running.id())).contains(url);
    assertThat(dao.pendingCallbacks()).isEmpty();

    Job late = ended(context, TIME.plusSeconds(2), input);
    Job early = ended(context, TIME.plusSeconds(1), input);
    assertThat(dao.pendingCallbacks()).containsExactly(early.id(), late.id());
    assertThat(dao.removeEnded(TIME.plusSeconds(9), 10).jobs()).as("pending jobs stay").isEmpty();

    dao.forgetCallback(early.id());
    dao.forgetCallback(early.id());
    assertThat(dao.pendingCallbacks()).containsExactly(late.id());
    assertThat(dao.callback(early.id())).isEmpty();
    assertThat(dao.removeEnded(TIME.plusSeconds(9), 10).jobs()).containsExactly(expired(early));
  }

  @Test
  void aJobThatAsksForNoCallbackHasNone() {
    Job job = insertJob();
    assertThat(dao.callback(job.id())).isEmpty();
    finish(job.id());
    assertThat(dao.pendingCallbacks()).isEmpty();
  }
}
