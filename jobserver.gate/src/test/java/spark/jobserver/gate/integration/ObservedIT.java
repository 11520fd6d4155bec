package spark.jobserver.gate.integration;

import static org.assertj.core.api.Assertions.assertThat;

import java.nio.file.Path;
import java.util.List;
import java.util.concurrent.BlockingQueue;
import java.util.concurrent.LinkedBlockingQueue;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;
import org.osgi.framework.ServiceRegistration;
import spark.jobserver.api.server.RequestObserver;
import spark.jobserver.api.server.RequestObserver.AnsweredRequest;
import spark.jobserver.gate.integration.plugin.PluginServlet;

/** Whoever observes requests is told of each of them, once. */
@Timeout(60)
class ObservedIT {
  private static final String LONGEST =
      "0123456789012345678901234567890123456789012345678901234567890123";

  @TempDir static Path folder;
  private static Server server;
  private final BlockingQueue<AnsweredRequest> told = new LinkedBlockingQueue<>();
  private ServiceRegistration<RequestObserver> failing;
  private ServiceRegistration<RequestObserver> broken;
  private ServiceRegistration<RequestObserver> observer;

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
  void observe() {
    failing =
        server.register(
            request -> {
              throw new IllegalStateException("an observer that fails");
            });
    broken =
        server.register(
            request -> {
              throw new AssertionError("an observer that is broken");
            });
    observer = server.register(told::add);
  }

  @AfterEach
  void leave() {
    observer.unregister();
    broken.unregister();
    failing.unregister();
  }

  private AnsweredRequest next() throws InterruptedException {
    AnsweredRequest next = told.poll(20, TimeUnit.SECONDS);
    assertThat(next).isNotNull();
    assertThat(told).isEmpty();
    return next;
  }

  @ParameterizedTest
  @CsvSource({
    "GET /plugin/echo, GET, '', false, 200",
    "POST /plugin/echo?_method=DELETE, DELETE, '', false, 200",
    "ODD /plugin/echo, ODD, '', false, 200",
    "GET /plugin/routed, GET, /plugin/{what}, false, 200",
    "GET /plugin/error, GET, '', false, 409",
    "GET /plugin/crash, GET, '', false, 500",
    "GET /nothing, GET, '', false, 404",
    "GET /plugin/later, GET, '', false, 200",
    "GET /plugin/slow, GET, '', false, 503",
    "POST /plugin/echo?_method=ODD, POST, '', true, 400"
  })
  void eachIsToldWithWhatBecameOfIt(
      String methodAndPath, String method, String route, boolean refused, int status)
      throws Exception {
    server.send(methodAndPath, "localhost", "");

    AnsweredRequest request = next();
    assertThat(request.method()).isEqualTo(method);
    assertThat(request.route().orElse("")).isEqualTo(route);
    assertThat(request.refused()).isEqualTo(refused);
    assertThat(request.status()).isEqualTo(status);
  }

  @ParameterizedTest
  @ValueSource(strings = {"a", "Root=1-67891233-abcdef0123456789", "A.b_c:d/e+f=", LONGEST})
  void theIdThatACallerSendsIsAnswered(String id) {
    for (String path : List.of("echo", "reset", "own-headers", "slow", "wordless")) {
      server
          .send("GET /plugin/" + path, "localhost", "X-Request-Id: " + id + "\n")
          .has("X-Request-Id", id);
    }
    server.send("GET /", "evil.example.com", "X-Request-Id: " + id + "\n").has("X-Request-Id", id);
  }

  @ParameterizedTest
  @ValueSource(strings = {"", "a b", "a\"b", "<b>", "\u00e4", "a;b", "a{}", LONGEST + "x"})
  void anIdThatIsNotSaneIsReplaced(String id) {
    String made = made("X-Request-Id: " + id + "\n");

    assertThat(made).matches("[0-9a-f]{32}");
    assertThat(made("")).matches("[0-9a-f]{32}").isNotEqualTo(made);
  }

  private static String made(String header) {
    return server.send("GET /plugin/echo", "localhost", header).all("X-Request-Id").get(0);
  }

  @Test
  void aRefusedHostIsTold() throws Exception {
    server.send("GET /plugin/routed", "evil.example.com", "");

    assertThat(next()).matches(request -> request.refused() && request.status() == 421);
  }

  @Test
  void aQuestionOfABrowserIsAnsweredAndNotRefused() throws Exception {
    server.send(
        "OPTIONS /plugin/echo",
        "localhost",
        "Origin: https://app.example.com\nAccess-Control-Request-Method: PUT\n");

    assertThat(next()).matches(request -> !request.refused() && request.status() == 204);
  }

  @Test
  void anAnswerThatComesLaterIsTimedToItsEnd() throws Exception {
    server.send("GET /plugin/slow", "localhost", "");

    assertThat(next().took().toNanos()).isGreaterThan(PluginServlet.SLOW_NANOS);
  }
}
