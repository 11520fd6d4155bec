package spark.jobserver.rest;

import java.time.Duration;
import java.time.Instant;
import java.time.ZoneId;
import java.time.ZoneOffset;
import java.time.format.DateTimeFormatter;

/** How reports write points in time and durations. */
final class Times {
  private static final DateTimeFormatter UTC =
      DateTimeFormatter.ofPattern("uuuu-MM-dd'T'HH:mm:ss.SSS'Z'").withZone(ZoneOffset.UTC);
  private static final DateTimeFormatter ZONED =
      DateTimeFormatter.ofPattern("uuuu-MM-dd'T'HH:mm:ss.SSSXXX");

  private Times() {}

  /** As binaries and contexts have it, for example {@code 2013-05-29T00:00:00.000Z}. */
  static String utc(Instant time) {
    return UTC.format(time);
  }

  /** As jobs have it, for example {@code 2013-05-29T05:30:00.000+05:30}; {@code Z} in UTC. */
  static String zoned(Instant time, ZoneId zone) {
    return ZONED.withZone(zone).format(time);
  }

  /** Seconds as a decimal number, for example {@code 300.0 secs}. */
  static String seconds(Duration duration) {
    return duration.toMillis() / 1000.0 + " secs";
  }
}
