package spark.jobserver.gate.integration;

import static org.assertj.core.api.Assertions.assertThat;

import java.nio.file.Path;
import java.util.List;
import java.util.Set;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;

/** What is said of origins when none or all are configured; GateIT has the rest. */
@Timeout(60)
class CorsIT {
  private static final String PAGE = "Origin: https://app.example.com\n";
  private static final String QUESTION = PAGE + "Access-Control-Request-Method: DELETE\n";
  @TempDir Path folder;
  private Server server;

  @BeforeEach
  void start() throws Exception {
    server = new Server(folder);
  }

  @AfterEach
  void stop() throws Exception {
    server.close();
  }

  @Test
  void withoutOriginsNothingIsSaidOfThem() throws Exception {
    server.configure(List.of(), List.of());
    server.open();
    server
        .send("GET /plugin/echo", "localhost", PAGE)
        .isText(200, "GET null [] null")
        .hasNo("Vary")
        .hasNo("Access-Control-Allow-Origin")
        .hasNo("Access-Control-Expose-Headers");
    server
        .send("OPTIONS /plugin/echo", "localhost", QUESTION)
        .isText(200, "OPTIONS null [] null")
        .hasNo("Access-Control-Allow-Methods");
    assertThat(server.send("POST /plugin/echo?_method=PUT", "localhost", PAGE).status())
        .isEqualTo(403);
  }

  @Test
  void anyOriginIsNoLeaveToUseWhoIsKnownByTheConnection() throws Exception {
    server.configure(List.of(), List.of("*"));
    server.open();
    for (String request : List.of("GET /plugin/echo", "POST /plugin/echo")) {
      assertThat(server.send(request, "localhost", PAGE).status()).as(request).isEqualTo(403);
    }
  }

  @Test
  void anUpgradeIsMoreThanReading() throws Exception {
    server.configure(List.of(), List.of());
    server.open();
    assertThat(server.send("GET /plugin/echo", "localhost", PAGE).status()).isEqualTo(200);
    String upgrade = "Connection: Upgrade\nUpgrade: websocket\n";
    assertThat(server.send("GET /plugin/echo", "localhost", upgrade).status()).isEqualTo(200);
    assertThat(server.send("GET /plugin/echo", "localhost", PAGE + upgrade).status())
        .isEqualTo(403);
  }

  @Test
  void anyOriginMayUseWhatIsGivenToItsPages() throws Exception {
    server.authentication = request -> Server.known("ada", Set.of("*"), false);
    server.configure(List.of(), List.of("*"));
    server.open();
    assertThat(server.send("POST /plugin/echo", "localhost", PAGE).status()).isEqualTo(200);
    server
        .send("GET /plugin/echo", "localhost", PAGE)
        .isText(200, "GET null [] null")
        .has("Access-Control-Allow-Origin", "*")
        .hasNo("Access-Control-Allow-Credentials");
    Reply answer = server.send("OPTIONS /plugin/echo", "localhost", QUESTION);
    assertThat(answer.status()).isEqualTo(204);
    answer
        .has("Access-Control-Allow-Origin", "*")
        .hasNo("Access-Control-Allow-Credentials")
        .has("Access-Control-Allow-Methods", "GET, POST, PUT, DELETE");
  }
}
