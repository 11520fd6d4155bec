package spark.jobserver.boot;

/** What the process exits with. */
public enum ExitCode {
  /** Stopped as asked. */
  STOPPED(0),
  /** Anything that has no code of its own. */
  FAILED(1),
  /** The command line is wrong. */
  USAGE(2),
  /** {@code SPARK_HOME} is missing or cannot be used. */
  SPARK(3),
  /** The port is taken, or the address must not or cannot be used. */
  ADDRESS(4),
  /** The data folder is locked by another server, or cannot be written. */
  DATA(5),
  /** The Java is not one the server runs on. */
  JAVA(6),
  /** The configuration is broken. */
  CONFIGURATION(7);

  private final int number;

  ExitCode(int number) {
    this.number = number;
  }

  public int number() {
    return number;
  }
}
