package spark.jobserver.gate.integration;

import static org.assertj.core.api.Assertions.assertThat;

import java.net.InetAddress;
import java.net.Socket;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;

/** No more connections than are allowed. */
@Timeout(60)
class ConnectionsIT {
  private static final int MOST = 10;
  private static final String REQUEST =
      "GET /plugin/echo HTTP/1.1\nHost: localhost\nConnection: close\n\n";

  private final List<Socket> silent = new ArrayList<>();
  private Server server;

  @BeforeEach
  void start(@TempDir Path folder) throws Exception {
    server = new Server(folder);
    server.mostConnections = MOST;
    server.configure(List.of(), List.of());
  }

  @AfterEach
  void stop() throws Exception {
    for (Socket socket : silent) {
      socket.close();
    }
    server.close();
  }

  private void connect(int count) throws Exception {
    for (int i = 0; i < count; i++) {
      silent.add(new Socket(InetAddress.getLoopbackAddress(), server.port()));
    }
  }

  @Test
  void furtherOnesWaitUntilTheSilentOnesHaveBeenClosed() throws Exception {
    server.open();
    connect(MOST / 2);
    server.raw(REQUEST).isText(200, "GET null [] null");
    // More than are missing: those that were there before Jetty counted are not counted.
    connect(MOST);
    assertThat(server.exchange(REQUEST, Duration.ofSeconds(2))).isEmpty();
    server.raw(REQUEST).isText(200, "GET null [] null");
  }

  @Test
  void moreAreAllowedWhileItRuns() throws Exception {
    server.open();
    server.mostConnections = 2 * MOST;
    server.configure(List.of("jobs.example.com"), List.of());
    Server.until(() -> server.send("GET /plugin/echo", "jobs.example.com", "").status() == 200);
    connect(MOST + MOST / 2);
    assertThat(server.exchange(REQUEST, Duration.ofSeconds(2))).isPresent();
  }

  @Test
  void noneAtAllIsAMistake() throws Exception {
    server.mostConnections = 0;
    server.configure(List.of(), List.of());
    server.gate.start();
    Server.until(() -> !server.failures.isEmpty());
    assertThat(server.failures)
        .containsExactly(
            new Server.Failure(
                7, "spark.jobserver.gate.max-connections must be at least 1, not 0"));
  }
}
