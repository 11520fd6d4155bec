package spark.jobserver.rest;

import spark.jobserver.api.Failure;

/**
 * An exception as clients see it.
 *
 * @param message its text
 * @param errorClass the qualified name of its class, Python's or Java's
 * @param stack its stack trace with its line breaks
 */
record FailureReport(String message, String errorClass, String stack) {
  static FailureReport of(Failure failure) {
    return new FailureReport(failure.message(), failure.errorClass(), failure.stack());
  }
}
