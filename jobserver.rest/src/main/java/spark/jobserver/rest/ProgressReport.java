package spark.jobserver.rest;

import spark.jobserver.api.Progress;

/**
 * How far a running job is with what it has asked Spark to do so far.
 *
 * @param stages how many stages are known to be needed
 * @param completedStages how many of these are done
 * @param tasks how many tasks these stages have
 * @param completedTasks how many of these are done
 * @param activeTasks how many attempts at tasks are running now
 * @param failedTasks how many attempts have failed
 */
record ProgressReport(
    long stages,
    long completedStages,
    long tasks,
    long completedTasks,
    long activeTasks,
    long failedTasks) {
  static ProgressReport of(Progress progress) {
    return new ProgressReport(
        progress.stages(),
        progress.completedStages(),
        progress.tasks(),
        progress.completedTasks(),
        progress.activeTasks(),
        progress.failedTasks());
  }
}
