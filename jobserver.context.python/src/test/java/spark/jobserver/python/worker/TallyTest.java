package spark.jobserver.python.worker;

import static org.assertj.core.api.Assertions.assertThat;

import java.util.List;
import org.junit.jupiter.api.Test;
import spark.jobserver.api.Progress;
import spark.jobserver.python.worker.Tally.Planned;
import spark.jobserver.python.worker.Tally.TaskEnd;

class TallyTest {
  private final Tally tally = new Tally();

  private static Planned planned(int stage, int tasks, Integer... parents) {
    return new Planned(stage, tasks, List.of(parents));
  }

  /** A stage from its start to its end, without a mishap. */
  private void runs(int stage, int tasks) {
    tally.stageStarted(stage, tasks);
    for (int partition = 0; partition < tasks; partition++) {
      ends(stage, partition, TaskEnd.SUCCEEDED);
    }
    tally.stageEnded(stage, true);
  }

  private void ends(int stage, int partition, TaskEnd how) {
    tally.taskStarted(stage);
    tally.taskEnded(stage, partition, how);
  }

  private void assertProgress(
      long stages,
      long completedStages,
      long tasks,
      long completedTasks,
      long active,
      long failed) {
    assertThat(tally.progress())
        .isEqualTo(new Progress(stages, completedStages, tasks, completedTasks, active, failed));
  }

  @Test
  void nothingIsKnownAtFirst() {
    assertProgress(0, 0, 0, 0, 0, 0);
  }

  @Test
  void stagesCountFromWhenTheyArePlanned() {
    tally.jobStarted(1, List.of(planned(0, 4), planned(1, 2, 0)));
    assertProgress(2, 0, 6, 0, 0, 0);

    tally.stageStarted(0, 4);
    tally.taskStarted(0);
    tally.taskStarted(0);
    assertProgress(2, 0, 6, 0, 2, 0);

    tally.taskEnded(0, 1, TaskEnd.SUCCEEDED);
    assertProgress(2, 0, 6, 1, 1, 0);
  }

  @Test
  void allIsDoneWhenASparkJobHasEnded() {
    tally.jobStarted(1, List.of(planned(0, 4), planned(1, 2, 0)));
    runs(0, 4);
    assertProgress(2, 1, 6, 4, 0, 0);
    runs(1, 2);

    assertThat(tally.jobEnded(1)).containsExactlyInAnyOrder(0, 1);
    assertProgress(2, 2, 6, 6, 0, 0);
  }

  @Test
  void sparkJobsAddUp() {
    tally.jobStarted(1, List.of(planned(0, 4)));
    runs(0, 4);
    tally.jobEnded(1);
    tally.jobStarted(2, List.of(planned(1, 3)));

    assertProgress(2, 1, 7, 4, 0, 0);
  }

  @Test
  void skippedStagesDoNotCountOnceThatIsCertain() {
    tally.jobStarted(
        1, List.of(planned(0, 100), planned(1, 50, 0), planned(2, 9), planned(3, 2, 1)));
    assertProgress(4, 0, 161, 0, 0, 0);

    tally.stageStarted(3, 2);
    assertProgress(2, 0, 11, 0, 0, 0);

    tally.jobEnded(1);
    assertProgress(1, 0, 2, 0, 0, 0);
  }

  @Test
  void aStageThatWasSkippedMayBeNeededAfterAll() {
    tally.jobStarted(1, List.of(planned(0, 3), planned(1, 2, 0)));
    tally.stageStarted(1, 2);
    ends(1, 0, TaskEnd.FAILED);
    tally.stageEnded(1, false);
    runs(0, 1);
    tally.stageStarted(1, 2);
    assertProgress(2, 1, 3, 1, 0, 1);
  }

  @Test
  void aStageThatStartsAgainIsNotDoneAndKeepsWhatItHas() {
    tally.jobStarted(1, List.of(planned(0, 4), planned(1, 2, 0)));
    runs(0, 4);
    tally.stageStarted(0, 1);
    assertProgress(2, 0, 6, 3, 0, 0);

    ends(0, 2, TaskEnd.SUCCEEDED);
    tally.stageEnded(0, true);
    assertProgress(2, 1, 6, 4, 0, 0);
  }

  @Test
  void aTaskCountsOnceHoweverManyAttemptsSucceed() {
    tally.jobStarted(1, List.of(planned(0, 2)));
    tally.stageStarted(0, 2);
    tally.taskStarted(0);
    tally.taskStarted(0);
    tally.taskStarted(0); // a speculative one
    assertProgress(1, 0, 2, 0, 3, 0);

    tally.taskEnded(0, 1, TaskEnd.SUCCEEDED);
    tally.taskEnded(0, 1, TaskEnd.SUCCEEDED);
    assertProgress(1, 0, 2, 1, 1, 0);
  }

  @Test
  void attemptsThatSparkHasEndedAreNoFailures() {
    tally.jobStarted(1, List.of(planned(0, 2)));
    tally.stageStarted(0, 2);
    ends(0, 0, TaskEnd.STOPPED);
    ends(0, 0, TaskEnd.FAILED);
    ends(0, 0, TaskEnd.SUCCEEDED);

    assertProgress(1, 0, 2, 1, 0, 1);
  }

  @Test
  void whatIsLostIsNotDoneAndNoAttemptHasEndedThen() {
    tally.jobStarted(1, List.of(planned(0, 2)));
    tally.stageStarted(0, 2);
    ends(0, 0, TaskEnd.SUCCEEDED);
    tally.taskStarted(0);
    tally.taskEnded(0, 0, TaskEnd.LOST);

    assertProgress(1, 0, 2, 0, 1, 0);
  }

  @Test
  void aFailedSparkJobLeavesWhatItHasDone() {
    tally.jobStarted(1, List.of(planned(0, 4), planned(1, 2, 0)));
    tally.stageStarted(0, 4);
    ends(0, 0, TaskEnd.SUCCEEDED);
    ends(0, 1, TaskEnd.FAILED);
    tally.taskStarted(0);
    tally.stageEnded(0, false);
    tally.jobEnded(1);

    assertProgress(1, 0, 4, 1, 0, 1);
  }

  @Test
  void whatIsToldOfAStageThatNoSparkJobNeedsDoesNotCount() {
    tally.jobStarted(1, List.of(planned(0, 2)));
    tally.stageStarted(0, 2);
    tally.taskStarted(0);
    tally.jobEnded(1);
    tally.taskEnded(0, 0, TaskEnd.SUCCEEDED);
    tally.stageEnded(0, true);

    assertProgress(1, 0, 2, 0, 0, 0);
  }

  @Test
  void aStageOfTwoSparkJobsCountsOnceAndStaysUntilBothHaveEnded() {
    tally.jobStarted(1, List.of(planned(0, 4), planned(1, 2, 0)));
    tally.stageStarted(0, 4);
    tally.jobStarted(2, List.of(planned(0, 4), planned(2, 3, 0)));
    assertProgress(3, 0, 9, 0, 0, 0);

    assertThat(tally.jobEnded(1)).isEmpty();
    assertProgress(2, 0, 7, 0, 0, 0);
    ends(0, 0, TaskEnd.SUCCEEDED);
    assertProgress(2, 0, 7, 1, 0, 0);
    assertThat(tally.jobEnded(2)).containsExactly(0);
  }

  @Test
  void onlyTheTasksThatAreLeftCountOfAStageThatOthersHaveBegun() {
    tally.jobStarted(1, List.of(planned(0, 10)));
    runs(0, 3);

    assertProgress(1, 1, 3, 3, 0, 0);
  }

  @Test
  void aStageWithoutTasksIsDone() {
    tally.jobStarted(1, List.of(planned(0, 0)));
    runs(0, 0);
    tally.jobEnded(1);
    tally.jobStarted(2, List.of());
    tally.jobEnded(2);

    assertProgress(1, 1, 0, 0, 0, 0);
  }
}
