package spark.jobserver.rest;

/**
 * An answer of one word.
 *
 * @param status {@code SUCCESS}, or the state that something has now
 */
record StatusReport(String status) {
  static final StatusReport SUCCESS = new StatusReport("SUCCESS");
}
