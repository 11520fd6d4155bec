package spark.jobserver.api.dao;

/** What became of a job that was to be put on record. */
public sealed interface JobInsertion {
  /** It is on record. */
  record Inserted() implements JobInsertion {}

  /**
   * Nothing is on record, for the version of a binary that it needs is no longer there.
   *
   * @param name the name of that binary
   */
  record BinaryGone(String name) implements JobInsertion {}

  /**
   * Nothing was added, for the request's key was used before.
   *
   * @param jobId the job that was submitted with it
   * @param request what {@link RequestKey#request} was then
   */
  record KeyUsed(String jobId, String request) implements JobInsertion {}
}
