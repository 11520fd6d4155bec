package spark.jobserver.gate;

import java.util.Collection;
import java.util.Set;
import java.util.stream.Collectors;
import java.util.stream.Stream;

/**
 * The hosts that requests may be for. A page in a browser can point a name of its own at this
 * machine, and is then of the same origin as the server; but the browser says by which name it
 * came.
 */
final class ServedHosts {
  private static final String KEY = GateConfig.PID + ".hosts";
  private static final int LONGEST_ECHO = 100;

  private final Set<HostName> served;

  /**
   * Those of the loopback, and these.
   *
   * @param own the name and the addresses by which the server listens
   * @param configured what the operator has added
   * @throws IllegalArgumentException naming the key, when an added one is no name and no address
   */
  ServedHosts(Collection<String> own, Collection<String> configured) {
    Stream<HostName> known =
        Stream.concat(Stream.of("localhost", "127.0.0.1", "::1"), own.stream())
            .flatMap(host -> HostName.of(host).stream());
    this.served =
        Stream.concat(known, configured.stream().map(ServedHosts::configured))
            .collect(Collectors.toUnmodifiableSet());
  }

  private static HostName configured(String host) {
    return HostName.of(host)
        .orElseThrow(
            () ->
                new IllegalArgumentException(
                    KEY
                        + " has \""
                        + host
                        + "\", which is no name and no address of a host: give it alone, such as"
                        + " jobs.example.com, without scheme, port or path"));
  }

  /**
   * Refuses a request for a host that is not served.
   *
   * @param host without the port
   * @throws Refusal with status 421
   */
  void check(String host) {
    if (HostName.of(host).filter(served::contains).isEmpty()) {
      String shown = host.length() > LONGEST_ECHO ? host.substring(0, LONGEST_ECHO) + "…" : host;
      throw new Refusal(
          421,
          "This server does not answer for the host '"
              + shown
              + "'. If it is to, its operator adds the name to "
              + KEY
              + ".");
    }
  }
}
