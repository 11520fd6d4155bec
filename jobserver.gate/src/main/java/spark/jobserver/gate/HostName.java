package spark.jobserver.gate;

import java.net.IDN;
import java.net.InetAddress;
import java.net.UnknownHostException;
import java.util.Locale;
import java.util.Optional;
import java.util.regex.Pattern;

/**
 * The name or the address of a host, in the one spelling that can be compared.
 *
 * @param text lower case, without a last dot, encoded as DNS encodes other letters; an IPv6 address
 *     without brackets and with all its zeros
 */
record HostName(String text) {
  private static final int LONGEST = 253;
  private static final Pattern LABELS = Pattern.compile("[a-z0-9_-]+(\\.[a-z0-9_-]+)*");

  /** Reads one; empty when it is none. Asks no name service. */
  static Optional<HostName> of(String text) {
    boolean bracketed = text.startsWith("[") && text.endsWith("]");
    String bare = bracketed ? text.substring(1, text.length() - 1) : text;
    if (bracketed || bare.indexOf(':') >= 0) {
      return address(bare);
    }
    return name(bare.endsWith(".") ? bare.substring(0, bare.length() - 1) : bare);
  }

  private static Optional<HostName> address(String text) {
    try {
      return text.indexOf(':') < 0
          ? Optional.empty()
          : Optional.of(new HostName(InetAddress.getByName(text).getHostAddress()));
    } catch (UnknownHostException e) {
      return Optional.empty();
    }
  }

  private static Optional<HostName> name(String text) {
    try {
      String encoded = IDN.toASCII(text, IDN.ALLOW_UNASSIGNED).toLowerCase(Locale.ROOT);
      return encoded.length() <= LONGEST && LABELS.matcher(encoded).matches()
          ? Optional.of(new HostName(encoded))
          : Optional.empty();
    } catch (IllegalArgumentException e) {
      return Optional.empty();
    }
  }
}
