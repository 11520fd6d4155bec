package spark.jobserver.api;

/**
 * How far a running job is with what it has asked Spark to do. It grows while the job runs: each
 * action of the job brings stages and tasks of its own, so being done with all that is known does
 * not mean that the job is over.
 *
 * @param stages how many stages of Spark are known to be needed so far, done ones among them;
 *     without those that Spark skips because their output is there already
 * @param completedStages how many of these are done
 * @param tasks how many tasks the known stages have; a task counts once, however often it is tried
 * @param completedTasks how many of these are done; fewer again when Spark has lost what they made
 * @param activeTasks how many attempts at tasks are running now, speculative ones among them
 * @param failedTasks how many attempts have failed so far, without those that Spark itself ended
 */
public record Progress(
    long stages,
    long completedStages,
    long tasks,
    long completedTasks,
    long activeTasks,
    long failedTasks) {
  public Progress {
    checkCount(activeTasks, "activeTasks");
    checkCount(failedTasks, "failedTasks");
    checkPart(completedStages, stages, "stages");
    checkPart(completedTasks, tasks, "tasks");
  }

  private static void checkCount(long count, String name) {
    if (count < 0) {
      throw new IllegalArgumentException("%s is %d".formatted(name, count));
    }
  }

  private static void checkPart(long completed, long all, String name) {
    if (completed < 0 || completed > all) {
      throw new IllegalArgumentException("%d of %d %s are done".formatted(completed, all, name));
    }
  }
}
