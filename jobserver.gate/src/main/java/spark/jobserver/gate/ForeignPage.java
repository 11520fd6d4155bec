package spark.jobserver.gate;

import jakarta.servlet.http.HttpServletRequest;
import java.util.Set;

/**
 * Tells whether a request was made by a page that does not come from this server: a browser sends a
 * plain POST for any page, whether or not that page may read the answer.
 */
final class ForeignPage {
  private static final Set<String> OWN = Set.of("same-origin", "none");

  private ForeignPage() {}

  /**
   * Whether a page of another origin made this request. Browsers say so in a header of its own, or
   * else name the origin; other clients do neither.
   */
  static boolean made(HttpServletRequest request) {
    String site = request.getHeader("Sec-Fetch-Site");
    if (site != null) {
      return !OWN.contains(site);
    }
    String origin = request.getHeader("Origin");
    return origin != null
        && Origin.of(origin)
            .filter(page -> page.isAt(request.getServerName(), request.getServerPort()))
            // A page that came without TLS may be anybody's.
            .filter(page -> !request.isSecure() || page.scheme().equals("https"))
            .isEmpty();
  }
}
