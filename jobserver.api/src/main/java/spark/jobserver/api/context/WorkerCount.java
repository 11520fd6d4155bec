package spark.jobserver.api.context;

/**
 * How many processes a context has for its jobs at a moment.
 *
 * @param waiting that are ready for a job, and have none
 * @param inUse that a job has, or that are ending after one
 */
public record WorkerCount(int waiting, int inUse) {
  /** That of a context whose jobs have no processes of their own. */
  public static final WorkerCount NONE = new WorkerCount(0, 0);

  /** Checks. */
  public WorkerCount {
    if (waiting < 0 || inUse < 0) {
      throw new IllegalArgumentException("%d waiting, %d in use".formatted(waiting, inUse));
    }
  }
}
