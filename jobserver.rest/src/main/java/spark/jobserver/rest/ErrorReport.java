package spark.jobserver.rest;

/**
 * An answer to what failed with an exception.
 *
 * @param status what failed
 * @param result the exception
 */
record ErrorReport(String status, FailureReport result) {}
