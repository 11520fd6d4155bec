package spark.jobserver.auth;

import java.util.Arrays;
import java.util.EnumSet;
import java.util.List;
import java.util.Locale;
import java.util.Optional;
import java.util.Set;
import java.util.stream.Collectors;

/** A way in which callers are known. */
enum Way {
  LOCAL,
  TOKEN,
  BASIC,
  LDAP,
  CERTIFICATE,

  /** Of the bundle {@code jobserver.auth.oidc}, which makes it by itself. */
  OIDC,
  NONE;

  private static final String KEY = AuthConfig.PID + ".ways";

  /** As the configuration has it. */
  String text() {
    return name().toLowerCase(Locale.ROOT);
  }

  /**
   * The ways of a configuration.
   *
   * @throws IllegalArgumentException naming the key, when it has something else, nothing, or {@link
   *     #NONE} beside others
   */
  static Set<Way> of(List<String> configured) {
    Set<Way> ways = EnumSet.noneOf(Way.class);
    for (String text : configured) {
      ways.add(
          named(text)
              .orElseThrow(
                  () ->
                      new IllegalArgumentException(
                          "%s has \"%s\", which is no way to be known: it is a list of %s"
                              .formatted(KEY, text, all()))));
    }
    if (ways.isEmpty()) {
      throw new IllegalArgumentException(
          KEY + " is empty, so that nobody could use the server: it is a list of " + all());
    }
    if (ways.contains(NONE) && ways.size() > 1) {
      throw new IllegalArgumentException(
          KEY + " has \"none\", by which everybody may do everything, and others: it stands alone");
    }
    return ways;
  }

  private static Optional<Way> named(String text) {
    return Arrays.stream(values()).filter(way -> way.text().equals(text)).findFirst();
  }

  private static String all() {
    return Arrays.stream(values()).map(Way::text).collect(Collectors.joining(", "));
  }
}
