package spark.jobserver.gate;

import java.net.URLDecoder;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.List;
import java.util.Locale;
import java.util.Optional;
import java.util.Set;
import java.util.TreeSet;

/**
 * The query parameter by which a POST is taken as another method, for clients that can send no
 * other.
 *
 * @param method what the request is taken as
 * @param query the query without the parameter; empty when nothing is left
 */
record MethodOverride(String method, Optional<String> query) {
  static final String PARAMETER = "_method";
  private static final Set<String> METHODS = Set.of("DELETE", "PUT");

  /**
   * Looks for the parameter in the query of a POST.
   *
   * @param query as it was sent
   * @return empty when it is not there
   * @throws Refusal with status 400 when it has a value that is no method for it
   */
  static Optional<MethodOverride> in(String query) {
    Set<String> methods = new TreeSet<>();
    List<String> rest = new ArrayList<>();
    for (String pair : query.split("&", -1)) {
      int equals = pair.indexOf('=');
      String name = equals < 0 ? pair : pair.substring(0, equals);
      if (decoded(name).equals(PARAMETER)) {
        methods.add(decoded(pair.substring(Math.min(name.length() + 1, pair.length()))));
      } else {
        rest.add(pair);
      }
    }
    if (methods.isEmpty()) {
      return Optional.empty();
    }
    String method = methods.iterator().next().toUpperCase(Locale.ROOT);
    if (methods.size() > 1 || !METHODS.contains(method)) {
      throw new Refusal(
          400,
          "The query parameter '" + PARAMETER + "' was malformed: it must be DELETE or PUT, once.");
    }
    return Optional.of(
        new MethodOverride(method, Optional.of(String.join("&", rest)).filter(q -> !q.isEmpty())));
  }

  /** Decoded as applications do; what they cannot decode is not our parameter. */
  private static String decoded(String text) {
    try {
      return URLDecoder.decode(text, StandardCharsets.UTF_8);
    } catch (IllegalArgumentException e) {
      return "";
    }
  }
}
