package spark.jobserver.boot;

import java.util.Optional;

/** Whether a Java is one that the server and its Spark run on. */
final class JavaCheck {
  static final int OLDEST = 17;

  private JavaCheck() {}

  /**
   * Checks the version.
   *
   * @param java the feature release, such as 17
   * @throws CannotStart when it is too old
   */
  static void check(int java) throws CannotStart {
    if (java < OLDEST) {
      throw new CannotStart(
          ExitCode.JAVA,
          "This is Java %d; Java %d or newer is needed. Set JAVA_HOME to one."
              .formatted(java, OLDEST));
    }
  }

  /** What may go wrong with a Spark on a Java; empty when nothing is known. */
  static Optional<String> warning(int java, SparkHome spark) {
    if (java >= 25 && !spark.isAtLeast(4, 1)) {
      return Optional.of(
          "Spark %s does not run on Java %d (its Hadoop does not): contexts may fail to start. Use Java 17 or 21, or a newer Spark."
              .formatted(spark.version(), java));
    }
    return Optional.empty();
  }
}
