package spark.jobserver.auth;

import java.net.InetSocketAddress;
import java.security.cert.X509Certificate;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;
import spark.jobserver.api.auth.IncomingRequest;

/** Requests for tests. */
final class Requests {
  private Requests() {}

  /** A request with these headers over a connection. */
  static IncomingRequest over(
      String connection,
      InetSocketAddress client,
      InetSocketAddress server,
      Map<String, List<String>> headers) {
    Map<String, List<String>> byName = new TreeMap<>(String.CASE_INSENSITIVE_ORDER);
    byName.putAll(headers);
    return new IncomingRequest() {
      @Override
      public List<String> headers(String name) {
        return byName.getOrDefault(name, List.of());
      }

      @Override
      public InetSocketAddress client() {
        return client;
      }

      @Override
      public InetSocketAddress server() {
        return server;
      }

      @Override
      public String connection() {
        return connection;
      }

      @Override
      public List<X509Certificate> certificates() {
        return List.of();
      }
    };
  }

  /** A request from somewhere with these values of {@code Authorization}. */
  static IncomingRequest authorized(String... values) {
    InetSocketAddress somewhere = new InetSocketAddress("192.0.2.1", 1);
    return over("1", somewhere, somewhere, Map.of("Authorization", List.of(values)));
  }
}
