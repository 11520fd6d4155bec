package spark.jobserver.config;

/**
 * Why the server does not start. The exit codes are those of {@code spark.jobserver.boot}, which
 * exports no more than it must.
 *
 * @param exitCode what the process exits with
 * @param message words for the operator
 */
record Refusal(int exitCode, String message) {
  static Refusal configuration(String message) {
    return new Refusal(7, message);
  }

  static Refusal address(String message) {
    return new Refusal(4, message);
  }

  static Refusal other(String message) {
    return new Refusal(1, message);
  }
}
