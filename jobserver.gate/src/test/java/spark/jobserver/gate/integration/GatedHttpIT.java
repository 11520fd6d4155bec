package spark.jobserver.gate.integration;

import static org.assertj.core.api.Assertions.assertThat;

import java.nio.file.Path;
import java.time.Duration;
import java.util.List;
import java.util.Set;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.atomic.AtomicBoolean;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;

/** HTTP is open while the gate stands, and only then. */
@Timeout(120)
class GatedHttpIT {
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
  void nothingAnswersBeforeTheGateIsThere() throws Exception {
    server.configure(List.of(), List.of());
    assertThat(server.listens()).isFalse();
    server.open();
    assertThat(server.listens()).isTrue();
  }

  @Test
  void nothingAnswersBeforeTheGateIsConfigured() throws Exception {
    server.gate.start();
    assertThat(server.listens()).isFalse();
    server.configure(List.of(), List.of());
    Server.until(server::listens);
  }

  @Test
  void nothingAnswersOnceTheGateIsGone() throws Exception {
    server.configure(List.of(), List.of());
    server.open();
    server.gate.stop();
    Server.until(() -> !server.listens());
    server.open();
    server.gate.uninstall();
    Server.until(() -> !server.listens());
  }

  @Test
  void theGateComesBeforeHttpAndGoesAfterIt() throws Exception {
    server.configure(List.of(), List.of());
    List<String> notes = server.notes();
    server.open();
    server.configure(List.of("jobs.example.com"), List.of());
    Server.until(() -> answers("jobs.example.com"));
    server.gate.stop();
    Server.until(() -> notes.size() == 4);
    assertThat(notes)
        .startsWith("gate comes", "HTTP comes")
        .containsExactlyInAnyOrder("gate comes", "HTTP comes", "HTTP goes", "gate goes");
  }

  private boolean answers(String host) {
    return server
        .exchange("GET /plugin/echo HTTP/1.1\nHost: " + host + "\nConnection: close\n\n")
        .filter(reply -> reply.status() == 200)
        .isPresent();
  }

  @Test
  void noRequestSlipsThroughWhileTheGateComesAndGoes() throws Exception {
    server.configure(List.of(), List.of());
    Set<Integer> seen = ConcurrentHashMap.newKeySet();
    AtomicBoolean over = new AtomicBoolean();
    List<CompletableFuture<Void>> intruders =
        List.of(intruder(seen, over), intruder(seen, over), intruder(seen, over));
    for (int i = 0; i < 10; i++) {
      server.open();
      server.gate.stop();
    }
    over.set(true);
    intruders.forEach(CompletableFuture::join);
    assertThat(seen).contains(421).doesNotContain(200);
  }

  private CompletableFuture<Void> intruder(Set<Integer> seen, AtomicBoolean over) {
    return CompletableFuture.runAsync(
        () -> {
          while (!over.get()) {
            server
                .exchange(
                    "GET /plugin/echo HTTP/1.1\nHost: evil.example\nConnection: close\n\n",
                    // A Jetty that stops may leave a connection without an answer.
                    Duration.ofSeconds(2))
                .ifPresent(reply -> seen.add(reply.status()));
          }
        },
        work -> new Thread(work, "intruder").start());
  }

  @Test
  void anotherConfigurationHoldsAtOnce() throws Exception {
    server.configure(List.of(), List.of());
    server.open();
    assertThat(answers("jobs.example.com")).isFalse();
    server.configure(List.of("jobs.example.com"), List.of());
    Server.until(() -> answers("jobs.example.com"));
  }

  @Test
  void nobodyComesInWhileNobodyCanBeAsked() throws Exception {
    server.configure(List.of(), List.of());
    server.open();
    server.askNobody();
    for (String path : List.of("/plugin/echo", "/healthz", "/")) {
      server
          .send("GET " + path, "localhost", "")
          .isText(503, "The server cannot tell yet who may use it. Try again.")
          .has("Retry-After", "5");
    }
    server.register(request -> Server.known("ada", Set.of("plugins:use"), false), "Late", 0);
    server.send("GET /plugin/echo", "localhost", "").isText(200, "GET null [] null");
  }

  @Test
  void aWrongConfigurationEndsTheServerWithTheKey() throws Exception {
    server.configure(List.of(), List.of("https://app.example.com/path"));
    server.gate.start();
    Server.until(() -> !server.failures.isEmpty());
    Server.Failure failure = server.failures.element();
    assertThat(failure.exitCode()).isEqualTo(7);
    assertThat(failure.message())
        .startsWith("spark.jobserver.cors.origins has \"https://app.example.com/path\"");
    assertThat(server.listens()).isFalse();
  }
}
