package spark.jobserver.rest;

import jakarta.ws.rs.core.UriInfo;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Optional;
import java.util.Set;

/**
 * The query parameters of a request. Of a parameter that is given several times the last value
 * counts. A value that does not have its type is a {@link Rejection} with status 400 that names the
 * parameter and says what it must be.
 */
final class Query {
  private static final Set<String> TRUE = Set.of("true", "yes", "on", "1");
  private static final Set<String> FALSE = Set.of("false", "no", "off", "0");

  private final Map<String, String> parameters;

  /** These parameters. */
  Query(Map<String, String> parameters) {
    this.parameters = parameters;
  }

  /** The parameters of this request, decoded. */
  static Query of(UriInfo uri) {
    Map<String, String> last = new LinkedHashMap<>();
    try {
      uri.getQueryParameters().forEach((name, values) -> last.put(name, lastOf(values)));
    } catch (IllegalArgumentException e) {
      throw new Rejection(400, "The query string was malformed: " + e.getMessage());
    }
    return new Query(last);
  }

  private static String lastOf(List<String> values) {
    return values.get(values.size() - 1);
  }

  /** All parameters in the order in which they were given. */
  Map<String, String> all() {
    return parameters;
  }

  Optional<String> text(String name) {
    return Optional.ofNullable(parameters.get(name));
  }

  /** A whole number from 0 to {@link Integer#MAX_VALUE}. */
  Optional<Integer> wholeNumber(String name) {
    return text(name).map(value -> wholeNumber(name, value));
  }

  private static int wholeNumber(String name, String value) {
    try {
      int number = Integer.parseInt(value);
      if (number >= 0) {
        return number;
      }
    } catch (NumberFormatException e) {
      // It is refused below.
    }
    throw malformed(name, value, "a whole number from 0 to " + Integer.MAX_VALUE);
  }

  /** A number of bytes. */
  Optional<Long> size(String name) {
    return text(name).map(value -> size(name, value));
  }

  private static long size(String name, String value) {
    if (!value.matches("\\d{1,18}")) {
      throw malformed(name, value, "a number of bytes");
    }
    return Long.parseLong(value);
  }

  /** A boolean, in any of its spellings and in any case; false when it is not given. */
  boolean flag(String name) {
    return text(name).map(value -> flag(name, value)).orElse(false);
  }

  private static boolean flag(String name, String value) {
    String word = value.toLowerCase(Locale.ROOT);
    if (TRUE.contains(word)) {
      return true;
    }
    if (FALSE.contains(word)) {
      return false;
    }
    throw malformed(name, value, "a boolean: true, yes, on, 1 or false, no, off, 0");
  }

  /** What to tell of a parameter's value that cannot be read. */
  static Rejection malformed(String name, String value, String right) {
    return new Rejection(
        400, "The query parameter '" + name + "' was malformed: '" + value + "' is not " + right);
  }
}
