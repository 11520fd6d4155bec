package spark.jobserver.gate;

import static java.util.Map.entry;

import jakarta.servlet.http.HttpServletRequest;
import java.util.Arrays;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import spark.jobserver.api.auth.Identity;
import spark.jobserver.api.server.Caller;

/**
 * What a caller needs for a request, by spark-jobserver's names: {@code jobs:read} and the like for
 * the server's own routes, {@code plugins:use} for what plugins answer. What is not listed here
 * needs everything.
 */
final class Permissions {
  private static final String PLUGINS = "plugins:use";

  /** The way of callers who were not asked who they are. */
  private static final String NOBODY_ASKED = "none";

  private static final Set<String> READING = Set.of("GET", "HEAD", "OPTIONS");

  /** Whoever is known may read of the server itself. */
  private static final Set<String> OPEN = Set.of("", "docs", "healthz", "html", "openapi.json");

  /** By the first segment of the path, what each method needs; a reading one stands as GET. */
  private static final Map<String, Map<String, String>> OWN =
      Map.ofEntries(
          entry(
              "binaries",
              Map.of(
                  "GET", "binaries:read",
                  "POST", "binaries:upload",
                  "DELETE", "binaries:delete")),
          entry(
              "contexts",
              Map.of(
                  "GET", "contexts:read",
                  "POST", "contexts:start",
                  "DELETE", "contexts:delete",
                  "PUT", "contexts:reset")),
          entry("jobs", Map.of("GET", "jobs:read", "POST", "jobs:start", "DELETE", "jobs:delete")),
          entry(
              "data",
              Map.of(
                  "GET", "data:read",
                  "POST", "data:upload",
                  "DELETE", "data:delete",
                  "PUT", "data:reset")),
          entry(
              "plugins",
              Map.of(
                  "GET", "plugins:read",
                  "PUT", "plugins:install",
                  "POST", "plugins:install",
                  "DELETE", "plugins:remove")),
          entry("metrics", Map.of("GET", "metrics:read")),
          entry("metricz", Map.of("GET", "metrics:read")),
          entry("readyz", Map.of("GET", "metrics:read")),
          entry("status", Map.of("GET", "contexts:read")),
          entry("context-factories", Map.of("GET", "factories:read")));

  /** Which of them may be had for what the caller has made only; the core knows whose it is. */
  private static final Set<String> OWNABLE =
      Set.of(
          "binaries:upload",
          "binaries:delete",
          "contexts:read",
          "contexts:delete",
          "jobs:read",
          "jobs:start",
          "jobs:delete");

  /** Where those who answer look at whose it is. */
  private static final Set<String> OWNED = Set.of("binaries", "contexts", "jobs");

  private Permissions() {}

  /**
   * Refuses a request that its caller may not make.
   *
   * @return on whose behalf it is made, and whether that is for the caller's own only
   * @throws Refusal with status 403, naming the permission that lacks
   */
  static Caller check(Identity identity, HttpServletRequest request) {
    return check(identity, request.getMethod(), request.getRequestURI());
  }

  static Caller check(Identity identity, String method, String uri) {
    return granted(identity, method, uri)
        .orElseThrow(
            () ->
                new Refusal(
                    403,
                    "This needs the permission "
                        + needed(method, uri).orElseThrow()
                        + ", which the caller does not have."));
  }

  private static Optional<Caller> granted(Identity identity, String method, String uri) {
    Optional<String> needed = needed(method, uri);
    if (needed.isEmpty() || identity.may(needed.get())) {
      return Optional.of(caller(identity, false));
    }
    boolean own =
        OWNABLE.contains(needed.get())
            && OWNED.contains(firstSegment(uri))
            && identity.may(needed.get() + Identity.OWN);
    return own ? Optional.of(caller(identity, true)) : Optional.empty();
  }

  private static Caller caller(Identity identity, boolean onlyOwn) {
    return !onlyOwn && identity.way().equals(NOBODY_ASKED)
        ? Caller.SERVER
        : new Caller(identity.name(), onlyOwn, identity.may(Caller.IMPERSONATE));
  }

  /**
   * Whether a request may still be made.
   *
   * @param identity who makes it, as it is known now
   * @param admitted on whose behalf it was let in
   */
  static boolean allow(Identity identity, HttpServletRequest request, Caller admitted) {
    return granted(identity, request.getMethod(), request.getRequestURI())
        .filter(now -> now.name().equals(admitted.name()))
        .filter(now -> admitted.onlyOwn() || !now.onlyOwn())
        .isPresent();
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
    String segment = firstSegment(uri);
    String kind = READING.contains(method) ? "GET" : method;
    if (OPEN.contains(segment)) {
      return kind.equals("GET") ? Optional.empty() : Optional.of(Identity.EVERYTHING);
    }
    Map<String, String> own = OWN.get(segment);
    return Optional.of(own == null ? PLUGINS : own.getOrDefault(kind, Identity.EVERYTHING));
  }

  private static String firstSegment(String uri) {
    return uri.substring(1).split("/", 2)[0];
  }

  /**
   * Whether the first segment of a path is what everybody behind the gate takes it for: it is
   * spelled without escapes and parameters, and no later one leads back.
   */
  private static boolean isPlain(String uri) {
    if (!uri.startsWith("/") || uri.startsWith("//")) {
      return false;
    }
    String first = firstSegment(uri);
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
