package spark.jobserver.callback;

import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.net.UnknownHostException;
import java.util.List;
import java.util.stream.Stream;
import org.apache.hc.client5.http.DnsResolver;

/**
 * Gives HTTP connections only addresses that they may go to. It is asked once for each connection,
 * which then goes to one of the addresses that it gave.
 */
final class CheckedResolver implements DnsResolver {
  private final AllowedHosts hosts;
  private final Lookup lookup;

  CheckedResolver(AllowedHosts hosts, Lookup lookup) {
    this.hosts = hosts;
    this.lookup = lookup;
  }

  /**
   * Looks a host up.
   *
   * @return those of its addresses that are allowed, in the order of the look-up
   * @throws UnknownHostException when there is none
   */
  @Override
  public List<InetSocketAddress> resolve(String host, int port) throws UnknownHostException {
    InetAddress[] found = lookup.find(host);
    List<InetSocketAddress> allowed =
        Stream.of(found)
            .filter(address -> hosts.allow(address, port))
            .map(address -> new InetSocketAddress(address, port))
            .toList();
    if (allowed.isEmpty()) {
      throw new UnknownHostException(
          "%s is %s: not a public address, and in no entry of %s itself"
              .formatted(
                  host,
                  String.join(", ", Stream.of(found).map(InetAddress::getHostAddress).toList()),
                  AllowedHosts.KEY));
    }
    return allowed;
  }

  /** Never called: whether an address is allowed depends on the port. */
  @Override
  public InetAddress[] resolve(String host) {
    throw new UnsupportedOperationException();
  }

  /** Never called: that is for kinds of authentication that are not used. */
  @Override
  public String resolveCanonicalHostname(String host) {
    throw new UnsupportedOperationException();
  }
}
