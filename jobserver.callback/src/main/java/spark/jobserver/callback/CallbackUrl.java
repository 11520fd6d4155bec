package spark.jobserver.callback;

import java.net.URI;
import java.net.URISyntaxException;
import java.util.Locale;
import java.util.Optional;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import spark.jobserver.api.server.ErrorCode;
import spark.jobserver.api.server.JobserverException;

/**
 * Where a call goes.
 *
 * @param scheme {@code http} or {@code https}
 * @param host the host
 * @param port the port, the scheme's own where the URL has none
 * @param uri all of it, in ASCII and without a fragment
 */
record CallbackUrl(String scheme, Host host, int port, URI uri) {
  /** As spark-jobserver says it. */
  private static final String NOT_HTTP = "Callback Url has to be 'http'/'https'";

  private static final Pattern AUTHORITY =
      Pattern.compile("(\\[[^\\[\\]]*]|[^:\\[\\]]*)(?::([0-9]*))?");
  private static final int MOST_PORTS = 65_535;

  /**
   * Reads a URL.
   *
   * @throws JobserverException {@link ErrorCode#CALLBACK} saying what is wrong with it
   */
  static CallbackUrl of(String text) {
    URI given = parse(text);
    String scheme = Optional.ofNullable(given.getScheme()).orElse("").toLowerCase(Locale.ROOT);
    String authority = given.getRawAuthority();
    if (!(scheme.equals("http") || scheme.equals("https")) || authority == null) {
      throw refused(NOT_HTTP);
    }
    if (authority.indexOf('@') >= 0) {
      throw refused("Callback Url must not hold a user or a password before its host");
    }
    Matcher parts = AUTHORITY.matcher(authority);
    Host host =
        (parts.matches() ? Host.of(parts.group(1)) : Optional.<Host>empty())
            .orElseThrow(() -> refused(NOT_HTTP));
    int own = scheme.equals("http") ? 80 : 443;
    int port = port(parts.group(2), own);
    String where = scheme + "://" + host.text() + (port == own ? "" : ":" + port);
    return new CallbackUrl(scheme, host, port, parse(parse(where + what(given)).toASCIIString()));
  }

  private static URI parse(String text) {
    try {
      return new URI(text);
    } catch (URISyntaxException e) {
      throw refused(NOT_HTTP);
    }
  }

  private static int port(String digits, int own) {
    if (digits == null || digits.isEmpty()) {
      return own;
    }
    try {
      int port = Integer.parseInt(digits);
      if (port >= 1 && port <= MOST_PORTS) {
        return port;
      }
    } catch (NumberFormatException e) {
      // Larger than any number, and so than any port.
    }
    throw refused("Callback Url must have a port from 1 to " + MOST_PORTS + ", or none");
  }

  /** Path and query. */
  private static String what(URI uri) {
    String path = Optional.ofNullable(uri.getRawPath()).filter(p -> !p.isEmpty()).orElse("/");
    return uri.getRawQuery() == null ? path : path + "?" + uri.getRawQuery();
  }

  static JobserverException refused(String why) {
    return new JobserverException(ErrorCode.CALLBACK, why);
  }

  /** Whom it calls, for logs: paths may hold secrets. */
  String origin() {
    return scheme + "://" + host.text() + ":" + port;
  }
}
