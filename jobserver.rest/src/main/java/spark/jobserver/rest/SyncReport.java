package spark.jobserver.rest;

/**
 * What the caller of a synchronous job is told of a job that failed.
 *
 * @param jobId the job
 * @param status {@code ERROR} or {@code KILLED}
 * @param result why
 */
record SyncReport(String jobId, String status, FailureReport result) {

  /**
   * What stands before the result of a job that is FINISHED.
   *
   * @param jobId the job
   */
  record Finished(String jobId) {}
}
