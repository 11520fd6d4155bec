package spark.jobserver.callback;

import java.net.InetAddress;
import java.net.UnknownHostException;
import java.util.Arrays;
import java.util.List;
import java.util.stream.Stream;

/**
 * Which addresses are on the public internet: neither this machine nor its neighbours, nor one of
 * the special ones that IANA's registries of special-purpose addresses list.
 */
final class PublicAddresses {
  private static final AddressBlock IP4 = block("0.0.0.0/0");

  private static final List<AddressBlock> SPECIAL_IP4 =
      blocks(
          "0.0.0.0/8", // this machine
          "10.0.0.0/8", // private
          "100.64.0.0/10", // shared by a provider's customers
          "127.0.0.0/8", // loopback
          "168.63.129.16/32", // what Azure tells its machines
          "169.254.0.0/16", // link-local, where clouds tell their machines of themselves
          "172.16.0.0/12", // private
          "192.0.0.0/24", // protocols
          "192.0.2.0/24", // documentation
          "192.88.99.0/24", // relays into IPv6
          "192.168.0.0/16", // private
          "198.18.0.0/15", // benchmarks
          "198.51.100.0/24", // documentation
          "203.0.113.0/24", // documentation
          "224.0.0.0/4", // multicast
          "240.0.0.0/4"); // reserved, and broadcast

  /** What is given to the public; all else of IPv6 is special: loopback, link-local, private. */
  private static final AddressBlock PUBLIC_IP6 = block("2000::/3");

  private static final List<AddressBlock> SPECIAL_IP6 =
      blocks(
          "2001::/23", // protocols; Teredo, which holds an IPv4 address
          "2001:db8::/32", // documentation
          "2002::/16", // 6to4, which holds an IPv4 address
          "3fff::/20"); // documentation

  /** IPv4 addresses as a machine without IPv4 sees them: what counts is the one inside. */
  private static final AddressBlock NAT64 = block("64:ff9b::/96");

  private static final int LENGTH_OF_IP4 = 4;

  private PublicAddresses() {}

  private static AddressBlock block(String text) {
    return AddressBlock.of(text).orElseThrow();
  }

  private static List<AddressBlock> blocks(String... texts) {
    return Stream.of(texts).map(PublicAddresses::block).toList();
  }

  /** Whether an address is a public one. */
  static boolean contain(InetAddress address) {
    if (NAT64.contains(address)) {
      return contain(inside(address));
    }
    boolean ip4 = IP4.contains(address);
    return (ip4 || PUBLIC_IP6.contains(address))
        && (ip4 ? SPECIAL_IP4 : SPECIAL_IP6).stream().noneMatch(block -> block.contains(address));
  }

  /** The IPv4 address in the last bytes. */
  private static InetAddress inside(InetAddress address) {
    byte[] bytes = address.getAddress();
    try {
      return InetAddress.getByAddress(
          Arrays.copyOfRange(bytes, bytes.length - LENGTH_OF_IP4, bytes.length));
    } catch (UnknownHostException e) {
      throw new IllegalStateException("four bytes are an address", e);
    }
  }
}
