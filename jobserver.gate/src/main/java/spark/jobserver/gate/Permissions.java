package spark.jobserver.gate;

import jakarta.servlet.http.HttpServletRequest;
import java.util.Arrays;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import spark.jobserver.api.auth.Identity;

/**
 * What a caller needs for a request, by spark-jobserver's names: {@code jobs:read} and the like for
 * the server's own routes, {@code plugins:use} for what plugins answer. What is not listed here
 * needs everything.
 */
final class Permissions {
  private static final String PLUGINS = "plugins:use";
  private static final Set<String> READING = Set.of("GET", "HEAD", "OPTIONS");

  /** Whoever is known may read of the server itself. */
  private static final Set<String> OPEN = Set.of("", "docs", "healthz", "html", "openapi.json");

  /** By the first segment of the path, what each method needs; a reading one stands as GET. */
  private static final Map<String, Map<String, String>> OWN =
      Map.of(
          "binaries",
          Map.of("GET", "binaries:read", "POST", "binaries:upload", "DELETE", "binaries:delete"),
          "contexts",
          Map.of(
              "GET", "contexts:read",
              "POST", "contexts:start",
              "DELETE", "contexts:delete",
              "PUT", "contexts:reset"),
          "jobs",
          Map.of("GET", "jobs:read", "POST", "jobs:start", "DELETE", "jobs:delete"),
          "data",
          Map.of(
              "GET", "data:read",
              "POST", "data:upload",
              "DELETE", "data:delete",
              "PUT", "data:reset"),
          "metrics",
          Map.of("GET", "metrics:read"),
          "metricz",
          Map.of("GET", "metrics:read"),
          "readyz",
          Map.of("GET", "metrics:read"),
          "status",
          Map.of("GET", "contexts:read"),
          "context-factories",
          Map.of("GET", "factories:read"));

  private Permissions() {}

  /**
   * Refuses a request that its caller may not make.
   *
   * @throws Refusal with status 403, naming the permission that lacks
   */
  static void check(Identity caller, HttpServletRequest request) {
    Optional<String> needed = needed(request.getMethod(), request.getRequestURI());
    if (needed.isPresent() && !caller.may(needed.get())) {
      throw new Refusal(
          403, "This needs the permission " + needed.get() + ", which the caller does not have.");
    }
  }

  /**
   * The permission for a request; empty when whoever is known may make it.
   *
   * @param uri the path as it was written
   */
  static Optional<String> needed(String method, String uri) {
    if (!isPlain(uri)) {
      // It may lead elsewhere than its first segment says.
      return Optional.of(Identity.EVERYTHING);
    }
    String segment = uri.substring(1).split("/", 2)[0];
    String kind = READING.contains(method) ? "GET" : method;
    if (OPEN.contains(segment)) {
      return kind.equals("GET") ? Optional.empty() : Optional.of(Identity.EVERYTHING);
    }
    Map<String, String> own = OWN.get(segment);
    return Optional.of(own == null ? PLUGINS : own.getOrDefault(kind, Identity.EVERYTHING));
  }

  /**
   * Whether the first segment of a path is what everybody behind the gate takes it for: it is
   * spelled without escapes and parameters, and no later one leads back.
   */
  private static boolean isPlain(String uri) {
    if (!uri.startsWith("/") || uri.startsWith("//")) {
      return false;
    }
    String first = uri.substring(1).split("/", 2)[0];
    String spelled = uri.replaceAll("(?i)%2e", ".").replaceAll("(?i)%2f|%5c|\\\\", "/");
    List<String> segments =
        Arrays.stream(spelled.split("/", -1)).map(part -> part.split(";", 2)[0]).toList();
    return first.indexOf('%') < 0
        && first.indexOf(';') < 0
        // Jetty reads %u002e as a dot, too, and leads back by it.
        && !uri.contains("%u")
        && !uri.contains("%U")
        && !segments.contains(".")
        && !segments.contains("..");
  }
}
