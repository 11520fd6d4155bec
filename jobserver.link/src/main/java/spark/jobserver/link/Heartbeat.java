package spark.jobserver.link;

import spark.jobserver.api.context.WorkerCount;

/**
 * A driver's sign of life, which renews its lease.
 *
 * @param session as in {@link Hello}
 * @param received as in {@link Hello}: the server forgets commands up to it
 * @param workersWaiting how many workers of its context wait for a job; 0 where it knows none, and
 *     from a driver that was started by a server which did not ask for it
 * @param workersInUse how many have one
 */
public record Heartbeat(String session, long received, int workersWaiting, int workersInUse) {
  /** Tells of workers, too. */
  public static Heartbeat of(String session, long received, WorkerCount workers) {
    return new Heartbeat(session, received, workers.waiting(), workers.inUse());
  }

  /** The workers that it tells of. */
  public WorkerCount workers() {
    return new WorkerCount(workersWaiting, workersInUse);
  }
}
