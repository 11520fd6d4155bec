package spark.jobserver.config;

import com.typesafe.config.Config;
import java.io.IOException;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.net.ServerSocket;
import java.net.UnknownHostException;
import java.util.Map;
import java.util.Optional;

/**
 * Where the server answers HTTP.
 *
 * @param host the address
 * @param port the port; 0 for any free one
 */
record HttpAddress(String host, int port) {
  static final String PORT = Check.OURS + ".port";
  private static final String HOST = Check.OURS + ".bind-address";

  /** What the configuration says. */
  static HttpAddress of(Config config) {
    return new HttpAddress(config.getString(HOST), config.getInt(PORT));
  }

  /** Why the port is none; empty when it is one. */
  static Optional<String> wrongPort(Config config) {
    long port = Long.parseLong(config.getString(PORT));
    return port >= 0 && port <= 65535
        ? Optional.empty()
        : Optional.of(
            "%s: %s must be from 0 to 65535".formatted(Check.where(config.getValue(PORT)), PORT));
  }

  /** Why the server cannot listen there; empty when it can. */
  Optional<String> problem() {
    InetAddress address;
    try {
      address = InetAddress.getByName(host);
    } catch (UnknownHostException e) {
      return Optional.of("%s is %s, which is no address of this machine.".formatted(HOST, host));
    }
    try (ServerSocket socket = new ServerSocket()) {
      socket.setReuseAddress(true);
      socket.bind(new InetSocketAddress(address, port));
      return Optional.empty();
    } catch (IOException e) {
      return Optional.of(
          "The server cannot listen on %s port %d: %s. Stop what uses it, or choose another port: --port NUMBER, or %s in the configuration."
              .formatted(host, port, e.getMessage(), PORT));
    }
  }

  /**
   * The configuration of the whiteboard that serves REST. There is none here for the HTTP server:
   * the gate opens it, so that nothing is answered without the gate.
   */
  Map<String, Map<String, Object>> entries() {
    return Map.of(
        "JakartarsServletWhiteboardRuntimeComponent",
        Map.of("jersey.context.path", "/", "jersey.jakartars.whiteboard.name", "jobserver"));
  }
}
