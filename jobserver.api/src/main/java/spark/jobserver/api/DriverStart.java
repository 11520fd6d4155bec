package spark.jobserver.api;

import java.util.Locale;

/** How a driver came to be: what its context had to wait for. */
public enum DriverStart {
  /** A process was started for it. */
  COLD,
  /** A process was started for it, with Spark's classes from an archive. */
  ARCHIVE,
  /** A spare was there already. */
  SPARE;

  /** As it is shown: in lower case. */
  public String label() {
    return name().toLowerCase(Locale.ROOT);
  }
}
