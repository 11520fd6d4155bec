package spark.jobserver.api.dao;

import static org.assertj.core.api.Assertions.assertThat;

import java.time.Instant;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.List;
import java.util.Optional;
import java.util.Set;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import spark.jobserver.api.Binary;
import spark.jobserver.api.BinaryType;
import spark.jobserver.api.Job;
import spark.jobserver.api.JobFilter;
import spark.jobserver.api.JobFilter.Place;
import spark.jobserver.api.JobState;

/** Part of {@link JobDaoContract}: which jobs a list has. */
abstract class JobListsContract extends ContractChapter {
  private final List<Job> jobs = new ArrayList<>();

  @BeforeEach
  void insertJobs() {
    Binary binary = insertBinary("any", BinaryType.EGG, TIME, "any");
    for (String context : List.of("a", "a ", "\u00e4\uD83D\uDE00")) {
      for (String classPath : List.of("m.C", "m.C ", "\u4e2d.\uD83D\uDE00")) {
        for (JobState state : List.of(JobState.STARTED, JobState.RUNNING)) {
          // every other two at the same time
          Instant time = TIME.plusMillis(jobs.size() / 2);
          jobs.add(insertJob(job(binary, time, context, classPath, state)));
        }
      }
    }
    jobs.sort(Comparator.comparing(Place::of).reversed());
  }

  private static Job job(
      Binary binary, Instant time, String context, String classPath, JobState state) {
    return new Job(
        id(),
        id(),
        context,
        1,
        binary,
        classPath,
        time,
        Optional.empty(),
        state,
        Optional.empty(),
        context.length() == 1 ? "ada" : "ada ");
  }

  private void agrees(JobFilter filter) {
    List<Job> expected = jobs.stream().filter(filter::test).toList();
    assertThat(dao.jobs(filter, 100)).as("%s", filter).containsExactlyElementsOf(expected);
  }

  @Test
  void aListHasTheJobsOfAContext() {
    for (String name : List.of("a", "a ", "a  ", "\u00e4\uD83D\uDE00", "A", "", "%")) {
      agrees(filter(Set.of(JobState.values()), Optional.of(name), Optional.empty()));
    }
  }

  @Test
  void aListHasTheJobsOfAClassPath() {
    for (String path : List.of("m.C", "m.C ", "\u4e2d.\uD83D\uDE00", "m", "x".repeat(40_000))) {
      agrees(filter(Set.of(JobState.values()), Optional.empty(), Optional.of(path)));
    }
  }

  @Test
  void aListHasTheJobsInSomeStates() {
    agrees(JobFilter.ALL.in(JobState.STARTED));
    agrees(JobFilter.ALL.in(JobState.STARTED, JobState.RUNNING));
    agrees(JobFilter.ALL.in(JobState.FINISHED, JobState.RUNNING));
    agrees(filter(Set.of(), Optional.empty(), Optional.empty()));
  }

  @Test
  void aListHasTheJobsSinceATime() {
    for (int millis : List.of(-1, 0, 4, 8, 9)) {
      agrees(
          new JobFilter(
              Set.of(JobState.values()),
              Optional.empty(),
              Optional.empty(),
              Optional.of(TIME.plusMillis(millis)),
              Optional.empty(),
              Optional.empty()));
    }
  }

  @Test
  void aListHasTheJobsOfACaller() {
    for (String owner : List.of("ada", "ada ", "", "Ada")) {
      agrees(JobFilter.ALL.of(owner));
      agrees(JobFilter.ALL.in(JobState.RUNNING).of(owner));
      agrees(JobFilter.ALL.of(owner).after(Place.of(jobs.get(5))));
    }
  }

  @Test
  void conditionsAreAllMet() {
    for (JobState state : List.of(JobState.STARTED, JobState.RUNNING)) {
      agrees(filter(Set.of(state), Optional.of("a"), Optional.of("m.C ")));
    }
  }

  @Test
  void pagesAreTheWholeListInItsOrder() {
    for (int size : List.of(1, 5, 17, 18)) {
      List<Job> read = new ArrayList<>();
      JobFilter filter = JobFilter.ALL;
      List<Job> page = dao.jobs(filter, size);
      while (!page.isEmpty()) {
        read.addAll(page);
        filter = filter.after(Place.of(page.get(page.size() - 1)));
        page = dao.jobs(filter, size);
      }
      assertThat(read).containsExactlyElementsOf(jobs);
    }
  }

  private static JobFilter filter(
      Set<JobState> states, Optional<String> context, Optional<String> classPath) {
    return new JobFilter(
        states, context, classPath, Optional.empty(), Optional.empty(), Optional.empty());
  }
}
