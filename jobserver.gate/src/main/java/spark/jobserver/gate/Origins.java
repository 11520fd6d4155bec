package spark.jobserver.gate;

import java.util.Collection;
import java.util.Set;
import java.util.stream.Collectors;

/** The origins whose pages may use this server in a browser. */
final class Origins {
  static final String KEY = CorsConfig.PID + ".origins";
  private static final String ANY = "*";

  private final boolean any;
  private final Set<Origin> listed;

  /**
   * These.
   *
   * @throws IllegalArgumentException naming the key, when one is no origin
   */
  Origins(Collection<String> configured) {
    this.any = configured.contains(ANY);
    if (any && configured.size() > 1) {
      throw new IllegalArgumentException(
          KEY + " has \"*\", which is any origin, and others: it must stand alone");
    }
    this.listed =
        any
            ? Set.of()
            : configured.stream().map(Origins::configured).collect(Collectors.toUnmodifiableSet());
  }

  private static Origin configured(String text) {
    return Origin.of(text)
        .orElseThrow(
            () ->
                new IllegalArgumentException(
                    KEY
                        + " has \""
                        + text
                        + "\", which is no origin: give scheme, host and, where it is not the"
                        + " scheme's own, port, such as https://app.example.com, without path and"
                        + " wildcards"));
  }

  /** Whether there are none, and nothing is said of origins. */
  boolean isEmpty() {
    return !any && listed.isEmpty();
  }

  /** Whether pages of any origin may, but without the credentials that a browser keeps. */
  boolean isAny() {
    return any;
  }

  /**
   * Whether pages of this origin may.
   *
   * @param origin as a browser sends it
   */
  boolean allow(String origin) {
    return any || Origin.of(origin).filter(listed::contains).isPresent();
  }
}
