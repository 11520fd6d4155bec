package spark.jobserver.callback;

import java.net.InetAddress;
import java.util.List;
import spark.jobserver.api.server.ErrorCode;
import spark.jobserver.api.server.JobserverException;

/**
 * Whom the operator allows to be called back. A URL's host has to be listed: as the name that it
 * is, or by an entry that contains the address that it is. A connection may go to a public address,
 * and to any that an entry contains itself.
 *
 * @param hosts the entries of the list; none when callbacks are off
 */
record AllowedHosts(List<AllowedHost> hosts) {
  /** The setting that lists them. */
  static final String KEY = CallbackConfig.PID + ".hosts";

  /**
   * Reads the list.
   *
   * @throws IllegalArgumentException naming the key and the entry that is wrong
   */
  static AllowedHosts of(List<String> entries) {
    return new AllowedHosts(entries.stream().map(AllowedHosts::entry).toList());
  }

  private static AllowedHost entry(String text) {
    return AllowedHost.of(text)
        .orElseThrow(
            () ->
                new IllegalArgumentException(
                    KEY
                        + " has \""
                        + text
                        + "\", which is neither a host (hooks.example.com) nor an address (10.1.2.3,"
                        + " fd00::1), perhaps with a port (10.1.2.3:9000, [fd00::1]:9000), nor a"
                        + " block of addresses, written with its first one (10.1.0.0/16)"));
  }

  /**
   * Says whether the host of a URL may be called. Where the connection may go is to be seen when
   * there is an address.
   *
   * @throws JobserverException {@link ErrorCode#CALLBACK} saying what would allow it
   */
  void check(CallbackUrl url) {
    if (hosts.isEmpty()) {
      throw CallbackUrl.refused("Callbacks are off: this server's " + KEY + " lists nobody");
    }
    if (!isListed(url.host(), url.port())) {
      throw CallbackUrl.refused(
          "'%s:%d' may not be called back: it is not in this server's %s"
              .formatted(url.host().text(), url.port(), KEY));
    }
  }

  private boolean isListed(Host host, int port) {
    return host.address()
        .map(address -> contain(address, port))
        .orElseGet(() -> hosts.stream().anyMatch(entry -> entry.names(host, port)));
  }

  /** Whether a connection may go to an address. */
  boolean allow(InetAddress address, int port) {
    return PublicAddresses.contain(address) || contain(address, port);
  }

  private boolean contain(InetAddress address, int port) {
    return hosts.stream().anyMatch(entry -> entry.contains(address, port));
  }
}
