package spark.jobserver.gate;

import jakarta.servlet.http.HttpServletRequest;
import jakarta.servlet.http.HttpServletResponse;
import java.util.Arrays;
import java.util.LinkedHashMap;
import java.util.Map;
import java.util.Optional;
import java.util.regex.Pattern;
import java.util.stream.Collectors;

/**
 * What browsers are told of pages of other origins (Cross-Origin Resource Sharing): which may read
 * answers, and what they may send. Without configured origins nothing is said, and what asks is a
 * request like any other.
 */
final class Cors {
  private static final String ORIGIN = "Origin";
  private static final String ASKED_METHOD = "Access-Control-Request-Method";
  private static final String ASKED_HEADERS = "Access-Control-Request-Headers";

  private static final String METHODS = "GET, POST, PUT, DELETE";
  private static final String EXPOSED =
      "Link, ETag, Location, Retry-After, Incident-Id, Log-Next-Offset, X-Request-Id";

  /** How long a browser need not ask again; most forget sooner than after two hours. */
  private static final String MAX_AGE_SECONDS = "3600";

  private static final Pattern HEADER_NAME = Pattern.compile("[A-Za-z0-9!#$%&'*+.^_`|~-]{1,64}");
  private static final int MOST_HEADERS = 32;

  private final Origins origins;

  Cors(Origins origins) {
    this.origins = origins;
  }

  /** The headers that the answer to a request has in any case. */
  Map<String, String> headers(HttpServletRequest request) {
    Map<String, String> headers = new LinkedHashMap<>();
    if (!origins.isEmpty()) {
      headers.put("Vary", ORIGIN);
      origin(request)
          .filter(origins::allow)
          .ifPresent(
              origin -> {
                headers.put("Access-Control-Allow-Origin", origins.isAny() ? "*" : origin);
                if (!origins.isAny()) {
                  headers.put("Access-Control-Allow-Credentials", "true");
                }
                headers.put("Access-Control-Expose-Headers", EXPOSED);
              });
    }
    return headers;
  }

  /**
   * Whether a browser asks what a page may send, and this is the one to answer it. It is not the
   * application's to know of.
   */
  boolean isAsked(HttpServletRequest request) {
    return !origins.isEmpty()
        && request.getMethod().equals("OPTIONS")
        && origin(request).isPresent()
        && request.getHeader(ASKED_METHOD) != null;
  }

  /**
   * Answers what a page may send.
   *
   * @throws Refusal with status 403 when its origin may send nothing
   */
  void answer(HttpServletRequest request, HttpServletResponse response) {
    String origin = origin(request).orElse("");
    if (!origins.allow(origin)) {
      throw new Refusal(
          403, "Pages of this origin may not use this server: it is not in " + Origins.KEY + ".");
    }
    response.setStatus(HttpServletResponse.SC_NO_CONTENT);
    response.setHeader("Access-Control-Allow-Methods", METHODS);
    String headers = allowed(request.getHeader(ASKED_HEADERS));
    if (!headers.isEmpty()) {
      response.setHeader("Access-Control-Allow-Headers", headers);
    }
    response.setHeader("Access-Control-Max-Age", MAX_AGE_SECONDS);
  }

  /**
   * Whether pages of the origin of this request may use the server with what their browser sends by
   * itself. Any origin is none of these: who is known by the connection cannot leave that out.
   */
  boolean allowsAmbient(HttpServletRequest request) {
    return !origins.isAny() && origin(request).filter(origins::allow).isPresent();
  }

  /** Whether the page that has made this request may read its answer. */
  boolean isReadable(HttpServletRequest request) {
    return origin(request).filter(origins::allow).isPresent();
  }

  private static Optional<String> origin(HttpServletRequest request) {
    return Optional.ofNullable(request.getHeader(ORIGIN));
  }

  /** Of the headers that are asked for those that are names, as many as a request could need. */
  private static String allowed(String asked) {
    return Arrays.stream(Optional.ofNullable(asked).orElse("").split(",", -1))
        .map(String::strip)
        .filter(name -> HEADER_NAME.matcher(name).matches())
        .limit(MOST_HEADERS)
        .collect(Collectors.joining(", "));
  }
}
