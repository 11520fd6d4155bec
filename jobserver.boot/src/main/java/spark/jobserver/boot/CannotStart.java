package spark.jobserver.boot;

/** The process cannot start; the message tells the operator why and what to do. */
final class CannotStart extends Exception {
  private final ExitCode code;

  CannotStart(ExitCode code, String message) {
    super(message);
    this.code = code;
  }

  CannotStart(ExitCode code, String message, Throwable cause) {
    super(message, cause);
    this.code = code;
  }

  ExitCode code() {
    return code;
  }
}
