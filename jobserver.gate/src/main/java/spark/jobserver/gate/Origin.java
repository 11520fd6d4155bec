package spark.jobserver.gate;

import java.util.Locale;
import java.util.Optional;
import java.util.regex.Matcher;
import java.util.regex.Pattern;

/**
 * Where a page in a browser comes from.
 *
 * @param scheme lower case
 * @param host the host's name or address
 * @param port the port; where an origin names none, the scheme's own, or 0 for a scheme without one
 */
record Origin(String scheme, HostName host, int port) {
  private static final Pattern FORM =
      Pattern.compile("([A-Za-z][A-Za-z0-9+.-]*)://(\\[[^\\]]+\\]|[^:/?#@\\s]+)(?::(\\d{1,5}))?");

  /**
   * Reads one; empty when it is none, as {@code null} is, which browsers send of hidden origins.
   */
  static Optional<Origin> of(String text) {
    Matcher form = FORM.matcher(text);
    if (!form.matches()) {
      return Optional.empty();
    }
    String scheme = form.group(1).toLowerCase(Locale.ROOT);
    int port = form.group(3) == null ? ownPort(scheme) : Integer.parseInt(form.group(3));
    return HostName.of(form.group(2)).map(host -> new Origin(scheme, host, port));
  }

  private static int ownPort(String scheme) {
    return switch (scheme) {
      case "http" -> 80;
      case "https" -> 443;
      default -> 0;
    };
  }

  /** Whether it is on this host and port. */
  boolean isAt(String otherHost, int otherPort) {
    return port == otherPort && HostName.of(otherHost).filter(host::equals).isPresent();
  }
}
