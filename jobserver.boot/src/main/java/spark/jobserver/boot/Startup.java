package spark.jobserver.boot;

/**
 * How a bundle says that the process cannot start, or cannot go on. A service of the framework, in
 * the server and in a driver.
 */
public interface Startup {
  /**
   * Ends the process. Returns at once: the message is written first, then the framework is stopped
   * by another thread. Only the first failure counts. May be called by any thread, also while the
   * framework starts.
   *
   * @param exitCode what the process exits with: see {@link ExitCode}
   * @param message words for the operator, without secrets
   */
  void failed(int exitCode, String message);
}
