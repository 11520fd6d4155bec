package spark.jobserver.link.driver;

/** How long to wait before trying again. */
final class Pause {
  private static final long FIRST = 50;
  private static final long LONGEST = 1000;

  private Pause() {}

  /** Milliseconds to wait after so many failures in a row. */
  static long after(int failures) {
    return Math.min(FIRST << Math.min(failures - 1, 10), LONGEST);
  }
}
