package spark.jobserver.callback;

import java.net.InetAddress;
import java.net.UnknownHostException;
import java.util.Optional;
import java.util.regex.Matcher;
import java.util.regex.Pattern;

/**
 * The addresses that begin with the same bits; a single one is a block too.
 *
 * @param first the first of them: all bits after the prefix are 0
 * @param prefix how many bits they share
 */
record AddressBlock(InetAddress first, int prefix) {
  private static final Pattern CIDR = Pattern.compile("([^/]+)/([0-9]{1,3})");

  /** Reads {@code address/bits}; empty when it is written otherwise. */
  static Optional<AddressBlock> of(String text) {
    Matcher cidr = CIDR.matcher(text);
    if (!cidr.matches()) {
      return Optional.empty();
    }
    int prefix = Integer.parseInt(cidr.group(2));
    return Host.address6(cidr.group(1))
        .or(() -> Host.of(cidr.group(1)))
        .flatMap(Host::address)
        .filter(first -> prefix <= bits(first) && isClear(first.getAddress(), prefix))
        .map(first -> new AddressBlock(first, prefix));
  }

  /** The block of one address. */
  static AddressBlock of(InetAddress one) {
    return new AddressBlock(one, bits(one));
  }

  private static int bits(InetAddress address) {
    return address.getAddress().length * Byte.SIZE;
  }

  /** Whether no bit is set after the prefix. */
  private static boolean isClear(byte[] address, int prefix) {
    for (int i = prefix; i < address.length * Byte.SIZE; i++) {
      if (bit(address, i) != 0) {
        return false;
      }
    }
    return true;
  }

  private static int bit(byte[] address, int number) {
    return address[number / Byte.SIZE] >> (Byte.SIZE - 1 - number % Byte.SIZE) & 1;
  }

  /** Whether an address is in the block; an IPv4 address that is mapped into IPv6 is itself. */
  boolean contains(InetAddress address) {
    byte[] bytes = unmapped(address).getAddress();
    byte[] start = first.getAddress();
    if (bytes.length != start.length) {
      return false;
    }
    for (int i = 0; i < prefix; i++) {
      if (bit(bytes, i) != bit(start, i)) {
        return false;
      }
    }
    return true;
  }

  /** The address without a zone; IPv4 where it is {@code ::ffff:a.b.c.d}. */
  private static InetAddress unmapped(InetAddress address) {
    try {
      return InetAddress.getByAddress(address.getAddress());
    } catch (UnknownHostException e) {
      throw new IllegalStateException("an address is as long as an address is", e);
    }
  }
}
