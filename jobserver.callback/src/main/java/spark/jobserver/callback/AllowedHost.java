package spark.jobserver.callback;

import java.net.InetAddress;
import java.util.Optional;
import java.util.regex.Matcher;
import java.util.regex.Pattern;

/**
 * An entry of the list of those who may be called back: a name, or addresses.
 *
 * @param host the name; empty when the entry is of addresses
 * @param block the addresses; empty when the entry is a name
 * @param port the only port that is meant; empty for any
 */
record AllowedHost(Optional<String> host, Optional<AddressBlock> block, Optional<Integer> port) {
  private static final Pattern WITH_PORT = Pattern.compile("(.*):([1-9][0-9]{0,4})");
  private static final int MOST_PORTS = 65_535;

  /** Reads an entry; empty when it is none. */
  static Optional<AllowedHost> of(String text) {
    return AddressBlock.of(text)
        .map(block -> new AllowedHost(Optional.empty(), Optional.of(block), Optional.empty()))
        .or(() -> Host.of(text).map(host -> of(host, Optional.empty())))
        .or(() -> Host.address6(text).map(host -> of(host, Optional.empty())))
        .or(() -> withPort(text));
  }

  private static Optional<AllowedHost> withPort(String text) {
    Matcher parts = WITH_PORT.matcher(text);
    if (!parts.matches() || Integer.parseInt(parts.group(2)) > MOST_PORTS) {
      return Optional.empty();
    }
    Optional<Integer> port = Optional.of(Integer.valueOf(parts.group(2)));
    return Host.of(parts.group(1)).map(host -> of(host, port));
  }

  private static AllowedHost of(Host host, Optional<Integer> port) {
    return host.address().isPresent()
        ? new AllowedHost(Optional.empty(), host.address().map(AddressBlock::of), port)
        : new AllowedHost(Optional.of(host.text()), Optional.empty(), port);
  }

  /** Whether it is the name of a host. */
  boolean names(Host other, int otherPort) {
    return host.equals(Optional.of(other.text())) && isPort(otherPort);
  }

  /** Whether an address is one of its own. */
  boolean contains(InetAddress address, int otherPort) {
    return block.isPresent() && block.get().contains(address) && isPort(otherPort);
  }

  private boolean isPort(int other) {
    return port.isEmpty() || port.get() == other;
  }
}
