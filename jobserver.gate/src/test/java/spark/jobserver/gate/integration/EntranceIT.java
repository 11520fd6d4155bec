package spark.jobserver.gate.integration;

import static org.assertj.core.api.Assertions.assertThat;

import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Set;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;
import org.osgi.framework.ServiceRegistration;
import spark.jobserver.api.auth.Authentication;
import spark.jobserver.api.auth.Authenticator;
import spark.jobserver.api.auth.IncomingRequest;

/** Who may come in to what another bundle answers by a servlet, which knows nothing of it. */
@Timeout(60)
class EntranceIT {
  private static final String CREDENTIAL = "Authorization: Test secret\n";
  @TempDir static Path folder;
  private static Server server;

  @BeforeAll
  static void start() throws Exception {
    server = new Server(folder);
    server.configure(List.of(), List.of("https://app.example.com"));
    server.open();
  }

  @AfterAll
  static void stop() throws Exception {
    server.close();
  }

  @BeforeEach
  void askForASecret() {
    server.authentication = EntranceIT::bySecret;
  }

  private static Authentication bySecret(IncomingRequest request) {
    List<String> given = request.headers("authorization");
    if (given.isEmpty()) {
      return new Authentication.Absent();
    }
    return given.equals(List.of("Test secret"))
        ? Server.known("ada", Set.of("jobs:read", "plugins:use"), false)
        : new Authentication.Wrong("That is not it.");
  }

  @ParameterizedTest
  @ValueSource(
      strings = {
        "GET /plugin/echo",
        "HEAD /plugin/echo",
        "POST /plugin/echo",
        "POST /plugin/echo?_method=DELETE",
        "PUT /plugin/echo",
        "DELETE /plugin/echo",
        "OPTIONS /plugin/echo",
        "PATCH /plugin/echo",
        "TRACE /plugin/echo",
        "ODD /plugin/echo",
        "GET /nothing",
        "GET /plugin/later"
      })
  void withoutACredentialNobodyComesIn(String request) {
    Reply reply = server.send(request, "localhost", "");
    assertThat(reply.status()).isEqualTo(401);
    reply.has("WWW-Authenticate", "Test realm=\"test\"").has("X-Content-Type-Options", "nosniff");
    if (!request.startsWith("HEAD")) {
      assertThat(reply.body()).startsWith("Say who you are").endsWith(" Send Test realm=\"test\".");
    }
  }

  @Test
  void aWrongCredentialIsRefusedInTheWordsOfWhoKnowsIt() {
    server
        .send("GET /plugin/echo", "localhost", "Authorization: Test guess\n")
        .isText(401, "That is not it.")
        .has("WWW-Authenticate", "Test realm=\"test\"");
  }

  @Test
  void whoIsKnownIsKnownToTheServlet() {
    server
        .send("GET /plugin/caller", "localhost", CREDENTIAL)
        .isText(200, "ada ada test true false");
    server
        .send("POST /plugin/caller?_method=DELETE", "localhost", CREDENTIAL)
        .isText(200, "ada ada test true false");
  }

  @ParameterizedTest
  @ValueSource(strings = {"/healthz", "/", "/docs/api"})
  void theseAnybodyMayReadAndNothingElse(String path) {
    assertThat(server.send("GET " + path, "localhost", "").status()).isEqualTo(404);
    assertThat(server.send("HEAD " + path + "?x=1", "localhost", "").status()).isEqualTo(404);
    for (String method : List.of("POST", "PUT", "DELETE", "OPTIONS", "PATCH", "get")) {
      assertThat(server.send(method + " " + path, "localhost", "").status())
          .as(method)
          .isEqualTo(401);
    }
  }

  @ParameterizedTest
  @ValueSource(
      strings = {
        "/healthz/",
        "/healthz;x",
        "/healthz/../plugin/echo",
        "/healthz/..;/plugin/echo",
        "/healthz/%2e%2e/plugin/echo",
        "/health%7a",
        "/Healthz",
        "//healthz",
        "/./healthz",
        "/plugin/echo;/../../healthz",
        "/plugin/echo/../../healthz",
        "//",
        "/;x",
        "/docs/api/",
        "/docs%2Fapi",
        "/docs//api",
        "/docs/api/../../plugin/echo"
      })
  void noOtherSpellingOfThemIsAnybodys(String path) {
    assertThat(server.send("GET " + path, "localhost", "").status()).isIn(400, 401);
  }

  @Test
  void anAbsoluteUriIsNoWayAround() {
    assertThat(server.send("GET http://localhost/healthz", "localhost", "").status())
        .isEqualTo(404);
    assertThat(server.send("GET http://localhost/plugin/echo", "localhost", "").status())
        .isEqualTo(401);
  }

  @Test
  void thePageThatMakesARequestCountsWhereTheBrowserSendsTheCredentialByItself() {
    String foreign = "Origin: https://evil.example\nSec-Fetch-Site: cross-site\n";
    assertThat(server.send("POST /plugin/echo", "localhost", CREDENTIAL + foreign).status())
        .isEqualTo(200);
    server.authentication = request -> Server.known("ada", Set.of("*"), true);
    assertThat(server.send("POST /plugin/echo", "localhost", foreign).status()).isEqualTo(403);
    assertThat(server.send("GET /plugin/echo", "localhost", foreign).status()).isEqualTo(200);
  }

  @Test
  void aBrowserThatAsksWhatAPageMaySendNeedsNoCredential() {
    String asked = "Access-Control-Request-Method: DELETE\n";
    assertThat(
            server
                .send(
                    "OPTIONS /plugin/echo",
                    "localhost",
                    "Origin: https://app.example.com\n" + asked)
                .status())
        .isEqualTo(204);
    assertThat(
            server
                .send("OPTIONS /plugin/echo", "localhost", "Origin: https://evil.example\n" + asked)
                .status())
        .isEqualTo(403);
  }

  @Test
  void theHighestIsAskedFirstAndTheFirstThatKnowsIsBelieved() {
    List<String> asked = new ArrayList<>();
    ServiceRegistration<Authenticator> first =
        server.register(
            request -> {
              asked.add("first");
              return request.headers("X-First").isEmpty()
                  ? new Authentication.Absent()
                  : Server.known("first", Set.of("plugins:use"), false);
            },
            "First",
            1);
    ServiceRegistration<Authenticator> last =
        server.register(
            request -> {
              asked.add("last");
              return Server.known("last", Set.of("plugins:use"), false);
            },
            "Last",
            -1);
    try {
      server
          .send("GET /plugin/caller", "localhost", "X-First: yes\n")
          .isText(200, "first first test false false");
      assertThat(asked).containsExactly("first");
      server.send("GET /plugin/caller", "localhost", "").isText(200, "last last test false false");
      assertThat(asked).containsExactly("first", "first", "last");
      server
          .send("GET /plugin/caller", "localhost", "Authorization: Test guess\n")
          .isText(401, "That is not it.")
          .has("WWW-Authenticate", "First, Test realm=\"test\", Last");
      assertThat(asked).containsExactly("first", "first", "last", "first");
    } finally {
      first.unregister();
      last.unregister();
    }
    assertThat(server.send("GET /plugin/caller", "localhost", "X-First: yes\n").status())
        .isEqualTo(401);
  }

  @Test
  void theConnectionIsToldAsItIs() {
    List<IncomingRequest> seen = new ArrayList<>();
    List<String> connections = new ArrayList<>();
    server.authentication =
        request -> {
          seen.add(request);
          connections.add(request.connection());
          assertThat(request.client().getAddress().isLoopbackAddress()).isTrue();
          assertThat(request.client().getPort()).isNotEqualTo(server.port()).isPositive();
          assertThat(request.server().getAddress().isLoopbackAddress()).isTrue();
          assertThat(request.server().getPort()).isEqualTo(server.port());
          assertThat(request.headers("X-Forwarded-For")).containsExactly("192.0.2.1", "192.0.2.2");
          return Server.known("ada", Set.of("plugins:use"), false);
        };
    String headers = "X-Forwarded-For: 192.0.2.1\nX-Forwarded-For: 192.0.2.2\n";
    String request = "GET /plugin/echo HTTP/1.1\nHost: localhost\n" + headers;
    assertThat(server.raw(request + "\n" + request + "Connection: close\n\n").status())
        .isEqualTo(200);
    server.send("GET /plugin/echo", "localhost", headers).isText(200, "GET null [] null");
    assertThat(seen).hasSize(3);
    assertThat(connections.get(0)).isEqualTo(connections.get(1)).isNotEqualTo(connections.get(2));
  }

  @Test
  void whoIsKnownNeedsThePermissionForWhatTheRequestIsTakenAs() {
    server.authentication = request -> Server.known("ada", Set.of("jobs:start"), false);
    server
        .send("POST /jobs?_method=DELETE", "localhost", "")
        .isText(403, "This needs the permission jobs:delete, which the caller does not have.");
    server
        .send("GET /plugin/echo", "localhost", "")
        .isText(403, "This needs the permission plugins:use, which the caller does not have.");
    assertThat(server.send("POST /jobs", "localhost", "").status()).isEqualTo(404);
    server.authentication = request -> Server.known("ada", Set.of("jobs:*"), false);
    assertThat(server.send("GET /jobs/../plugin/echo", "localhost", "").status()).isEqualTo(403);
    assertThat(server.send("GET /jobs/%2e%2e/plugin/echo", "localhost", "").status())
        .isIn(400, 403);
  }

  @Test
  void whatFailsToKnowLetsNobodyIn() {
    server.authentication =
        request -> {
          throw new IllegalStateException("secret");
        };
    server
        .send("GET /plugin/echo", "localhost", "")
        .isText(500, "The server could not find out who made the request.");
    assertThat(server.send("GET /healthz", "localhost", "").status()).isEqualTo(404);
  }

  @Test
  void whoMustWaitIsToldForHowLong() {
    server.authentication = request -> new Authentication.TooMany(Duration.ofMillis(7900));
    server
        .send("GET /plugin/echo", "localhost", CREDENTIAL)
        .isText(429, "There were too many wrong credentials. Try again later.")
        .has("Retry-After", "8");
    server.authentication = request -> new Authentication.Unavailable("Nobody answers.");
    server
        .send("GET /plugin/echo", "localhost", CREDENTIAL)
        .isText(503, "Nobody answers.")
        .has("Retry-After", "5");
  }
}
