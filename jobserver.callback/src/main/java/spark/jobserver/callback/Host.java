package spark.jobserver.callback;

import java.net.IDN;
import java.net.InetAddress;
import java.net.UnknownHostException;
import java.util.Locale;
import java.util.Optional;
import java.util.regex.Pattern;

/**
 * The name or the address of a host, in the one spelling that can be compared. Reading one asks no
 * name service.
 *
 * @param text a name in lower case, without a last dot, encoded as DNS encodes other letters; or
 *     the address as a URL has it, IPv6 in brackets
 * @param address the address, when it is one
 */
record Host(String text, Optional<InetAddress> address) {
  private static final int LONGEST = 253;
  private static final Pattern LABELS = Pattern.compile("[a-z0-9_-]+(\\.[a-z0-9_-]+)*");
  private static final Pattern DOTTED =
      Pattern.compile("(0|[1-9][0-9]{0,2})(\\.(0|[1-9][0-9]{0,2})){3}");

  /** What some read as an address, though it is not written like one: 2130706433, 0x7f.1. */
  private static final Pattern NUMBER_AT_END = Pattern.compile("(.*\\.)?([0-9]+|0x[0-9a-f]*)");

  /** Reads what a URL has between scheme and port; empty when that is no host. */
  static Optional<Host> of(String text) {
    if (text.startsWith("[") && text.endsWith("]")) {
      return address6(text.substring(1, text.length() - 1));
    }
    String encoded = encoded(text.endsWith(".") ? text.substring(0, text.length() - 1) : text);
    if (DOTTED.matcher(encoded).matches()) {
      return address(encoded);
    }
    return encoded.length() <= LONGEST
            && LABELS.matcher(encoded).matches()
            && !NUMBER_AT_END.matcher(encoded).matches()
        ? Optional.of(new Host(encoded, Optional.empty()))
        : Optional.empty();
  }

  /** Reads an IPv6 address, without brackets and without a zone; empty when it is none. */
  static Optional<Host> address6(String text) {
    return text.indexOf(':') >= 0 && text.indexOf('%') < 0 ? address(text) : Optional.empty();
  }

  /** The name in the letters of DNS; empty when it has no such form. */
  private static String encoded(String name) {
    try {
      return IDN.toASCII(name, IDN.ALLOW_UNASSIGNED).toLowerCase(Locale.ROOT);
    } catch (IllegalArgumentException e) {
      return "";
    }
  }

  /** Reads what can be nothing but an address, which is never looked up. */
  private static Optional<Host> address(String text) {
    try {
      InetAddress address = InetAddress.getByName(text);
      String canonical = address.getHostAddress();
      return Optional.of(
          new Host(
              canonical.indexOf(':') >= 0 ? "[" + canonical + "]" : canonical,
              Optional.of(address)));
    } catch (UnknownHostException e) {
      return Optional.empty();
    }
  }
}
