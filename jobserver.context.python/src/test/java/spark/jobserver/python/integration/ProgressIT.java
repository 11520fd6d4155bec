package spark.jobserver.python.integration;

import static org.assertj.core.api.Assertions.assertThat;

import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;
import spark.jobserver.api.Progress;
import spark.jobserver.api.context.JobOutcome;
import spark.jobserver.python.PythonSessionContextFactory;

/**
 * How far jobs are, on a real Spark. Before they return the jobs wait until Spark has told its
 * listeners all, so that their last report is the whole of it.
 */
@Timeout(60)
class ProgressIT {
  @TempDir static Path folder;
  private static ContextUnderTest context;

  @BeforeAll
  static void makeContext() throws Exception {
    ContextUnderTest.needsSpark(folder);
    context = new ContextUnderTest(new PythonSessionContextFactory(), folder, "");
  }

  @AfterAll
  static void close() {
    if (context != null) {
      context.close();
    }
  }

  private static Progress last(String job) throws Exception {
    Run run = context.run(job, "{}");
    run.result();
    List<Progress> told = new ArrayList<>(run.progress);
    assertThat(told).isNotEmpty();
    return told.get(told.size() - 1);
  }

  @Test
  void everyTaskOfAStageCounts() throws Exception {
    assertThat(last("Counts")).isEqualTo(new Progress(1, 1, 4, 4, 0, 0));
  }

  @Test
  void aStageIsKnownAheadAndNotCountedWhenItIsSkipped() throws Exception {
    assertThat(last("CountsTwice")).isEqualTo(new Progress(3, 3, 7, 7, 0, 0));
  }

  @Test
  void theStagesOfAQueryCountAsOftenAsTheyRun() throws Exception {
    Progress done = last("Groups");
    assertThat(done.stages()).isEqualTo(2);
    assertThat(done.completedStages()).isEqualTo(2);
    assertThat(done.completedTasks()).isEqualTo(done.tasks()).isBetween(4L, 5L);
  }

  @Test
  void aFailedTaskIsToldAndTheJobMayGoOn() throws Exception {
    assertThat(last("Stumbles")).isEqualTo(new Progress(2, 1, 3, 2, 0, 1));
  }

  @Test
  void aStageThatSparkRepeatsIsDoneInTheEnd() throws Exception {
    Progress done = last("Loses");
    assertThat(done.failedTasks()).isPositive();
    assertThat(done.stages()).isEqualTo(4);
    assertThat(done.completedStages()).isEqualTo(4);
    assertThat(done.completedTasks()).isEqualTo(done.tasks()).isBetween(8L, 10L);
    assertThat(done.activeTasks()).isZero();
  }

  @Test
  void whatThreadsOfTheJobStartCounts() throws Exception {
    assertThat(last("CountsInThreads")).isEqualTo(new Progress(2, 2, 5, 5, 0, 0));
  }

  @Test
  void whatAStreamingQueryOfTheJobDoesCounts() throws Exception {
    Progress done = last("StreamsForAWhile");
    assertThat(done.completedStages()).isPositive();
    assertThat(done.completedTasks()).isPositive();
  }

  @Test
  void jobsAtTheSameTimeAreToldApart() throws Exception {
    Run sleeping = context.run("SleepsInSpark", "{}");
    assertThat(last("Counts")).isEqualTo(new Progress(1, 1, 4, 4, 0, 0));
    sleeping.kill();
    sleeping.outcome();
    assertThat(sleeping.progress).allMatch(told -> told.tasks() == 3);
  }

  @Test
  void progressIsToldWhileTheJobRunsAndNotAfterItsEnd() throws Exception {
    Run run = context.run("SleepsInSpark", "{}");
    Progress now = run.progress.poll(30, TimeUnit.SECONDS);
    while (now != null && now.activeTasks() < 3) {
      now = run.progress.poll(30, TimeUnit.SECONDS);
    }
    assertThat(now).isEqualTo(new Progress(1, 0, 3, 0, 3, 0));

    run.kill();

    assertThat(run.outcome()).isEqualTo(new JobOutcome.Killed());
    assertThat(last("Counts")).isEqualTo(new Progress(1, 1, 4, 4, 0, 0));
    assertThat(run.late).isNotDone();
  }

  @Test
  void aJobThatAsksSparkForNothingHasNone() throws Exception {
    Run run = context.run("Pid", "{}");
    run.result();
    assertThat(run.progress).isEmpty();
  }
}
