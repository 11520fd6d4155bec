package spark.jobserver.rest.integration;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.IOException;
import java.io.InputStream;
import java.io.OutputStream;
import java.net.Socket;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CountDownLatch;
import java.util.jar.Attributes;
import java.util.jar.JarEntry;
import java.util.jar.JarOutputStream;
import java.util.jar.Manifest;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;
import org.osgi.framework.Bundle;
import org.osgi.framework.Constants;
import spark.jobserver.api.JobState;
import spark.jobserver.api.server.Jobs.Ended;
import spark.jobserver.api.server.Store;
import spark.jobserver.rest.FakeJobs;
import spark.jobserver.rest.integration.plugin.RoutePlugin;

/** What all routes have in common. */
class RoutesIT extends RunningServer {
  private static final String SYNC =
      "POST /jobs?appName=app&classPath=m.Job&context=ctx&sync=true&timeout=30";

  @Test
  void aServerThatCanDoItsWorkIsHealthy() {
    server.get("/healthz").isJson(200, "{'status': 'SUCCESS'}");
  }

  @Test
  void aServerThatCannotDoItsWorkIsNotHealthy() {
    problem = Optional.of("the database is gone");
    server
        .get("/healthz")
        .isJson(500, "{'status': 'ERROR', 'result': 'Required actors not alive'}");
  }

  @Test
  void theContextFactoriesAreListed() {
    server
        .get("/context-factories")
        .isJson(200, "[{'name': 'a.Factory', 'bundle': 'a.bundle', 'version': '1.2.3'}]");
  }

  @ParameterizedTest
  @ValueSource(
      strings = {
        "/nothing",
        "/docs",
        "/docs/api/x",
        "/openapi.json/x",
        "/jobsfoo",
        "/jobs/x/y",
        "/binaries/x/y",
        "/contexts/x/y",
        "/application.wadl",
        "/healthz/x",
        "/binaries//x"
      })
  void aRouteThatIsNotThereIsNotFound(String path) {
    server.get(path).isText(404, "The requested resource could not be found.");
  }

  @ParameterizedTest
  @CsvSource({
    "PUT /jobs, 'GET, OPTIONS, POST'",
    "POST /healthz, 'GET, OPTIONS'",
    "PUT /binaries/x, 'DELETE, GET, OPTIONS, POST'"
  })
  void aMethodThatARouteDoesNotHaveIsNotAllowed(String request, String allowed) {
    Reply reply = server.send(request, "");
    reply.isText(405, "HTTP method not allowed, supported methods: " + allowed);
    assertThat(reply.header("Allow")).isEqualTo(allowed);
  }

  @ParameterizedTest
  @CsvSource({
    "a%2Fb, a/b",
    "a%2fb%2F, a/b/",
    "%2e%2e, ..",
    "%2e%2e%2F%2e%2e%2Fetc, ../../etc",
    "%C3%A4%E2%82%AC, ä€",
    "a%20b, a b",
    "a+b, a+b",
    "a%2Bb, a+b",
    "a%25b, a%b",
    "a%2525b, a%25b",
    "a%5Cb, a\\b",
    "a;b=1, a;b=1",
    "a%3Bb, a;b",
    "a%3Fb, a?b",
    "a:b, a:b"
  })
  void aNameIsOneSegmentDecodedOnce(String segment, String name) {
    for (String noun : List.of("binaries", "contexts", "jobs")) {
      Reply reply = server.get("/" + noun + "/" + segment);
      assertThat(reply.status()).isEqualTo(404);
      assertThat(reply.json().get("result").textValue()).endsWith(" " + name);
    }
  }

  @ParameterizedTest
  @ValueSource(strings = {"a%zz", "a%2", "%FF", "%C3", "%C3%28"})
  void aNameWhoseEncodingIsBrokenIsRefused(String segment) {
    assertThat(server.get("/binaries/" + segment).status()).isEqualTo(400);
  }

  @Test
  void anAnswerDoesNotDependOnWhatAClientAccepts() {
    server.send("GET /binaries", "Accept: text/html\n", "").isJson(200, "{}");
    server
        .send("GET /nothing", "Accept: application/json\n", "")
        .isText(404, "The requested resource could not be found.");
  }

  @Test
  void withoutACoreEveryRouteSaysTryAgain() {
    withdraw();
    for (String request :
        List.of(
            "GET /binaries",
            "GET /binaries/x",
            "DELETE /binaries/x",
            "GET /contexts",
            "GET /contexts/x",
            "POST /contexts/x",
            "DELETE /contexts/x",
            "GET /jobs",
            "GET /jobs/x",
            "GET /jobs/x?wait=5",
            "GET /jobs/x/config",
            "GET /jobs/x/result",
            "GET /jobs/x/log",
            "GET /jobs/x/events",
            "DELETE /jobs/x",
            "PUT /contexts?reset=reboot",
            "GET /data",
            "POST /data/x",
            "DELETE /data/x",
            "PUT /data?reset=reboot",
            SYNC,
            "GET /plugins",
            "GET /plugins/x",
            "GET /context-factories")) {
      Reply reply = server.send(request, "");
      assertThat(reply.status()).as(request).isEqualTo(503);
      assertThat(reply.header("Retry-After")).as(request).matches("[1-9][0-9]*");
      assertThat(reply.json().get("status").textValue()).isEqualTo("ERROR");
      assertThat(reply.json().get("result").textValue()).endsWith("not available now. Try again.");
    }
    server
        .get("/healthz")
        .isJson(500, "{'status': 'ERROR', 'result': 'Required actors not alive'}");
  }

  @Test
  void whatNeedsTheStoreSaysWhyItIsNotThere() {
    withdraw();
    String why = "The store a.Dao (spark.jobserver.jobdao) is not there now: it is away";
    provided.add(server.provide(Store.class, () -> Optional.of(why)));

    for (String request : List.of("GET /jobs", "GET /contexts", "GET /binaries")) {
      Reply reply = server.send(request, "");
      assertThat(reply.header("Retry-After")).as(request).matches("[1-9][0-9]*");
      reply.isJson(503, "{'status': 'ERROR', 'result': '" + why + "'}");
    }
    server.get("/healthz").isJson(200, "{'status': 'SUCCESS'}");
  }

  @Test
  void anErrorThatNobodyExpectedTellsAnIncidentAndNoMore() {
    binaries.failure = Optional.of(new IllegalStateException("secret"));
    Reply reply = server.get("/binaries");
    String incident = reply.header("Incident-Id");
    assertThat(incident).isNotEmpty();
    reply.isJson(
        500,
        """
        {'status': 'ERROR', 'result': {
         'message': "The server met an error that it did not expect (incident %s: the server's log has the rest)",
         'errorClass': 'java.lang.IllegalStateException', 'stack': ''}}
        """
            .formatted(incident));
  }

  @Test
  void aRouteThatComesAndGoesLosesNoAnswer(@TempDir Path folder) throws Exception {
    Bundle plugin = server.install(plugin(folder.resolve("plugin.jar")));
    CompletableFuture<Reply> waiting = later(() -> server.send(SYNC, ""));
    jobs.submission.join();
    plugin.start();
    Server.until(() -> server.get("/plugin").status() == 200);
    assertThat(server.get("/plugin").body()).isEqualTo("there");
    plugin.uninstall();
    Server.until(() -> server.get("/plugin").status() == 404);
    Server.until(() -> server.get("/jobs").status() == 200);
    jobs.started.complete(null);
    jobs.ended.complete(
        new Ended(
            FakeJobs.ended("j-1", JobState.FINISHED), Optional.of(JobsIT.zeros(1, () -> {}))));
    waiting.join().isJson(200, "{'jobId': 'j-1', 'result': 0}");
  }

  /** A bundle that adds the route {@code /plugin}. */
  static Path plugin(Path jar) throws IOException {
    Manifest manifest = new Manifest();
    Attributes attributes = manifest.getMainAttributes();
    attributes.put(Attributes.Name.MANIFEST_VERSION, "1.0");
    attributes.putValue(Constants.BUNDLE_MANIFESTVERSION, "2");
    attributes.putValue(Constants.BUNDLE_SYMBOLICNAME, "route.plugin");
    attributes.putValue(Constants.BUNDLE_ACTIVATOR, RoutePlugin.class.getName());
    attributes.putValue(
        Constants.IMPORT_PACKAGE, "org.osgi.framework,jakarta.ws.rs,io.swagger.v3.oas.annotations");
    try (JarOutputStream out = new JarOutputStream(Files.newOutputStream(jar), manifest)) {
      for (Class<?> type : List.of(RoutePlugin.class, RoutePlugin.Route.class)) {
        String name = type.getName().replace('.', '/') + ".class";
        out.putNextEntry(new JarEntry(name));
        try (InputStream bytes = type.getClassLoader().getResourceAsStream(name)) {
          bytes.transferTo(out);
        }
        out.closeEntry();
      }
    }
    return jar;
  }

  @Test
  void slowClientsHoldUpNobodyElse() throws Exception {
    int uploads = 150;
    int readers = 25;
    CountDownLatch busy = new CountDownLatch(uploads + readers);
    binaries.onRead = size -> busy.countDown();
    jobs.with(FakeJobs.ended("large", JobState.FINISHED));
    jobs.results.put("large", JobsIT.zeros(50L << 20, busy::countDown));
    List<Socket> slow = new ArrayList<>();
    try {
      for (int i = 0; i < uploads; i++) {
        slow.add(begun("POST /binaries/app", "Content-Type: application/python-egg\n", 10, "P"));
      }
      for (int i = 0; i < readers; i++) {
        slow.add(begun("GET /jobs/large", "", 0, ""));
      }
      busy.await();
      assertThat(server.get("/jobs").status()).isEqualTo(200);
      assertThat(server.send("DELETE /binaries/none", "").status()).isEqualTo(404);
    } finally {
      for (Socket socket : slow) {
        socket.close();
      }
    }
  }

  private Socket begun(String request, String headers, int length, String piece)
      throws IOException {
    Socket socket = server.connect();
    OutputStream out = socket.getOutputStream();
    out.write(Server.head(request, headers, length));
    out.write(piece.getBytes(StandardCharsets.UTF_8));
    return socket;
  }

  @Test
  void requestsOneAfterAnotherTakeFewThreads() {
    long before = threads();
    for (int i = 0; i < 100; i++) {
      server.get("/binaries").isJson(200, "{}");
    }
    assertThat(threads() - before).isLessThan(20);
  }

  private static long threads() {
    return Thread.getAllStackTraces().keySet().stream()
        .filter(thread -> thread.getName().startsWith("rest-"))
        .count();
  }
}
