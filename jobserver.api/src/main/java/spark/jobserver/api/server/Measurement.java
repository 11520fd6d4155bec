package spark.jobserver.api.server;

import java.util.Map;

/**
 * A number that tells how a part of the server is.
 *
 * @param kind how the number changes
 * @param name in lower case, with underscores and the unit at its end, such as {@code
 *     jobserver_contexts} or {@code jobserver_upload_bytes}
 * @param help what it is, in a sentence; the same for all measurements of a name
 * @param labels what tells measurements of one name apart
 * @param value the number
 */
public record Measurement(
    Kind kind, String name, String help, Map<String, String> labels, double value) {

  /** How a number changes. */
  public enum Kind {
    /** It goes up and down. */
    GAUGE,
    /** It only grows, as long as the server runs. */
    COUNTER
  }

  /** Copies. */
  public Measurement {
    labels = Map.copyOf(labels);
  }

  /** What is so now. */
  public static Measurement gauge(
      String name, String help, Map<String, String> labels, long value) {
    return new Measurement(Kind.GAUGE, name, help, labels, (double) value);
  }

  /** What has happened so often since the server's start. */
  public static Measurement counter(
      String name, String help, Map<String, String> labels, long value) {
    return new Measurement(Kind.COUNTER, name, help, labels, (double) value);
  }
}
