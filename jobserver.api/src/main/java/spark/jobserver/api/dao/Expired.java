package spark.jobserver.api.dao;

import java.util.List;

/**
 * What was removed because it ended long ago.
 *
 * @param jobs the ids of jobs
 * @param contexts the ids of contexts
 */
public record Expired(List<ExpiredJob> jobs, List<String> contexts) {
  public Expired {
    jobs = List.copyOf(jobs);
    contexts = List.copyOf(contexts);
  }

  /** Whether nothing was removed. */
  public boolean isEmpty() {
    return jobs.isEmpty() && contexts.isEmpty();
  }

  /**
   * A job that was removed.
   *
   * @param id its id
   * @param contextId the context it ran in
   */
  public record ExpiredJob(String id, String contextId) {}
}
