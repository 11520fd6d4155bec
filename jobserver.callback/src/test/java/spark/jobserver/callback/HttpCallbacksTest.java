package spark.jobserver.callback;

import static java.nio.charset.StandardCharsets.UTF_8;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.io.InputStream;
import java.io.OutputStream;
import java.io.PrintStream;
import java.net.InetAddress;
import java.net.ServerSocket;
import java.net.Socket;
import java.net.SocketException;
import java.net.UnknownHostException;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.concurrent.CancellationException;
import java.util.concurrent.CompletionStage;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.LinkedBlockingQueue;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.concurrent.atomic.AtomicLong;
import javax.net.ssl.SNIHostName;
import javax.net.ssl.SSLContext;
import org.apache.hc.core5.ssl.SSLContexts;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;
import spark.jobserver.api.Content;
import spark.jobserver.api.Failure;
import spark.jobserver.api.Job;
import spark.jobserver.api.server.JobserverException;

class HttpCallbacksTest {
  private static final String LOOPBACK = "127.0.0.1";
  private static final int SECONDS = 60;

  /** Long enough that no test sees its end. */
  private static final Limits PATIENT =
      new Limits(Duration.ofMinutes(5), Duration.ofMinutes(5), Duration.ZERO);

  /** Short enough that a test sees its end. */
  private static final Limits HASTY =
      new Limits(Duration.ofMinutes(5), Duration.ofMillis(300), Duration.ZERO);

  private static final Job FINISHED = Jobs.finished("the job");

  private final List<AutoCloseable> open = new ArrayList<>();

  @AfterEach
  void close() throws Exception {
    for (AutoCloseable each : open) {
      each.close();
    }
  }

  private <T extends AutoCloseable> T closedAtEnd(T each) {
    open.add(each);
    return each;
  }

  private HttpCallbacks callbacks(
      List<String> hosts,
      int attempts,
      Duration pause,
      Lookup lookup,
      SSLContext tls,
      Limits limits) {
    HttpCallbacks callbacks =
        new HttpCallbacks(
            new CallbackSettings(AllowedHosts.of(hosts), attempts, pause), lookup, tls, limits);
    open.add(0, callbacks::stop);
    return callbacks;
  }

  private HttpCallbacks callbacks(int attempts, Lookup lookup, String... hosts) {
    return callbacks(
        List.of(hosts), attempts, Duration.ZERO, lookup, SSLContexts.createDefault(), PATIENT);
  }

  /** What calls this machine. */
  private HttpCallbacks callbacks(int attempts, Limits limits) {
    return callbacks(
        List.of(LOOPBACK),
        attempts,
        Duration.ZERO,
        InetAddress::getAllByName,
        SSLContexts.createDefault(),
        limits);
  }

  /** What looks up a name to be this machine. */
  private static InetAddress[] here(String host) throws UnknownHostException {
    return InetAddress.getAllByName(LOOPBACK);
  }

  private static Optional<Content> result(String json) {
    return Optional.of(Content.of(json.getBytes(UTF_8)));
  }

  private static boolean end(CompletionStage<Boolean> call) throws Exception {
    return call.toCompletableFuture().get(SECONDS, TimeUnit.SECONDS);
  }

  // What is told

  @Test
  void theResultOfAFinishedJobIsPosted() throws Exception {
    Target target = closedAtEnd(Target.with(200));

    assertThat(
            end(
                callbacks(1, PATIENT)
                    .tell(target.url("/hook?token=t#part"), FINISHED, result("[1, 2]"))))
        .isTrue();

    Target.Request request = target.told();
    assertThat(request.line()).isEqualTo("POST /hook?token=t");
    assertThat(request.body()).isEqualTo("{\"jobId\":\"the job\",\"result\":[1, 2]}");
    assertThat(request.headers())
        .isEqualTo(
            Map.of(
                "Host", List.of(LOOPBACK + ":" + target.port()),
                "Content-type", List.of("application/json"),
                "Content-length", List.of(String.valueOf(request.body().length())),
                "User-agent", List.of("jobserver"),
                "Connection", List.of("close")));
  }

  @Test
  void theReasonOfAFailedJobIsPosted() throws Exception {
    Target target = closedAtEnd(Target.with(200));
    Job failed = Jobs.failed("the job", new Failure("why", "a.Error", "where"));

    assertThat(end(callbacks(1, PATIENT).tell(target.url("/"), failed, Optional.empty()))).isTrue();

    assertThat(target.told().body())
        .isEqualTo(
            "{\"jobId\":\"the job\",\"status\":\"ERROR\",\"result\":"
                + "{\"message\":\"why\",\"errorClass\":\"a.Error\",\"stack\":\"where\"}}");
  }

  @ParameterizedTest
  @ValueSource(strings = {"/a//b", "/a/../b", "/%2F%20"})
  void pathsAreLeftAsTheyAre(String path) throws Exception {
    Target target = closedAtEnd(Target.with(200));

    assertThat(end(callbacks(1, PATIENT).tell(target.url(path), FINISHED, result("1")))).isTrue();

    assertThat(target.told().line()).isEqualTo("POST " + path);
  }

  /** There is less memory than it needs: the build sees to that. */
  @Test
  void aLargeResultIsPassedOnAsItIsRead() throws Exception {
    long size = 200L << 20;
    AtomicLong got = new AtomicLong();
    AtomicLong length = new AtomicLong();
    Target target =
        closedAtEnd(
            Target.doing(
                exchange -> {
                  try (exchange) {
                    length.set(
                        Long.parseLong(exchange.getRequestHeaders().getFirst("Content-length")));
                    byte[] buffer = new byte[1 << 16];
                    int read;
                    while ((read = exchange.getRequestBody().read(buffer)) > 0) {
                      got.addAndGet(read);
                    }
                    exchange.sendResponseHeaders(200, -1);
                  }
                }));

    assertThat(
            end(
                callbacks(1, PATIENT)
                    .tell(target.url("/"), FINISHED, Optional.of(new Digits(size)))))
        .isTrue();

    long whole = size + "{\"jobId\":\"the job\",\"result\":}".length();
    assertThat(length).hasValue(whole);
    assertThat(got).hasValue(whole);
  }

  /** A number of so many digits. */
  private record Digits(long size) implements Content {
    @Override
    public InputStream open() {
      return new InputStream() {
        private long left = size;

        @Override
        public int read() {
          return left-- > 0 ? '1' : -1;
        }

        @Override
        public int read(byte[] bytes, int offset, int length) {
          int count = (int) Math.min(length, left);
          left -= count;
          return count == 0 ? -1 : count;
        }
      };
    }
  }

  // Answers

  @Test
  void itIsToldUntilItIsAnsweredWell() throws Exception {
    Target target = closedAtEnd(Target.with(500, 404, 199 + 5));

    assertThat(end(callbacks(5, PATIENT).tell(target.url("/"), FINISHED, result("1")))).isTrue();

    assertThat(target.requests)
        .hasSize(3)
        .extracting(Target.Request::body)
        .containsOnly("{\"jobId\":\"the job\",\"result\":1}");
  }

  @Test
  void itIsGivenUpAfterAWhile() throws Exception {
    Target target = closedAtEnd(Target.with(400));

    assertThat(end(callbacks(3, PATIENT).tell(target.url("/"), FINISHED, result("1")))).isFalse();

    assertThat(target.requests).hasSize(3);
  }

  @Test
  void aServerThatIsDownIsTriedAgain() throws Exception {
    int port;
    try (ServerSocket free = new ServerSocket(0)) {
      port = free.getLocalPort();
    }
    AtomicInteger asked = new AtomicInteger();
    Lookup lookup =
        host -> {
          if (asked.incrementAndGet() == 3) {
            start(port);
          }
          return here(host);
        };

    assertThat(
            end(
                callbacks(5, lookup, "hooks.example", LOOPBACK)
                    .tell("http://hooks.example:" + port, FINISHED, result("1"))))
        .isTrue();
    assertThat(asked).hasValue(3);
  }

  private void start(int port) {
    try {
      closedAtEnd(Target.at(LOOPBACK, port, 200));
    } catch (IOException e) {
      throw new AssertionError(e);
    }
  }

  @ParameterizedTest
  @ValueSource(ints = {301, 302, 303, 307, 308})
  void aRedirectIsNotFollowed(int status) throws Exception {
    Target other = closedAtEnd(Target.with(200));
    AtomicInteger asked = new AtomicInteger();
    Target target =
        closedAtEnd(
            Target.doing(
                exchange -> {
                  try (exchange) {
                    asked.incrementAndGet();
                    exchange.getRequestBody().readAllBytes();
                    exchange.getResponseHeaders().add("Location", other.url("/"));
                    exchange.sendResponseHeaders(status, -1);
                  }
                }));

    assertThat(end(callbacks(2, PATIENT).tell(target.url("/"), FINISHED, result("1")))).isFalse();

    assertThat(asked).hasValue(2);
    assertThat(other.requests).isEmpty();
  }

  @Test
  void cookiesAreNotSentBackAndNobodyIsAuthenticated() throws Exception {
    LinkedBlockingQueue<String> headers = new LinkedBlockingQueue<>();
    Target target =
        closedAtEnd(
            Target.doing(
                exchange -> {
                  try (exchange) {
                    headers.addAll(exchange.getRequestHeaders().keySet());
                    exchange.getRequestBody().readAllBytes();
                    exchange.getResponseHeaders().add("Set-Cookie", "a=b");
                    exchange.getResponseHeaders().add("WWW-Authenticate", "Basic realm=\"x\"");
                    exchange.sendResponseHeaders(401, -1);
                  }
                }));

    assertThat(end(callbacks(3, PATIENT).tell(target.url("/"), FINISHED, result("1")))).isFalse();

    assertThat(headers).hasSize(15).doesNotContain("Cookie", "Authorization");
  }

  @Test
  void anAnswerIsReadInPart() throws Exception {
    CountDownLatch cutOff = new CountDownLatch(1);
    Target target =
        closedAtEnd(
            Target.doing(
                exchange -> {
                  try (exchange) {
                    exchange.getRequestBody().readAllBytes();
                    exchange.sendResponseHeaders(200, 0);
                    byte[] piece = new byte[1 << 16];
                    while (true) {
                      exchange.getResponseBody().write(piece);
                    }
                  } catch (IOException e) {
                    cutOff.countDown();
                  }
                }));

    assertThat(end(callbacks(1, PATIENT).tell(target.url("/"), FINISHED, result("1")))).isTrue();
    assertThat(cutOff.await(SECONDS, TimeUnit.SECONDS)).isTrue();
  }

  @Test
  void whoTakesHisTimeIsWaitedFor() throws Exception {
    CountDownLatch asked = new CountDownLatch(1);
    CountDownLatch answer = new CountDownLatch(1);
    Target target =
        closedAtEnd(
            Target.doing(
                exchange -> {
                  try (exchange) {
                    asked.countDown();
                    answer.await();
                    exchange.sendResponseHeaders(200, -1);
                  } catch (InterruptedException e) {
                    Thread.currentThread().interrupt();
                  }
                }));
    CompletionStage<Boolean> call =
        callbacks(1, PATIENT).tell(target.url("/"), FINISHED, result("1"));

    assertThat(asked.await(SECONDS, TimeUnit.SECONDS)).isTrue();
    assertThat(call.toCompletableFuture()).isNotDone();
    answer.countDown();

    assertThat(end(call)).isTrue();
  }

  // What does not end by itself

  @Test
  void whoNeverAnswersIsNotWaitedForForEver() throws Exception {
    try (ServerSocket silent = silent()) {
      assertThat(end(callbacks(2, HASTY).tell(url(silent), FINISHED, result("1")))).isFalse();
    }
  }

  @Test
  void whoNeverReadsIsNotWaitedForForEver() throws Exception {
    try (ServerSocket silent = silent()) {
      assertThat(
              end(
                  callbacks(1, HASTY)
                      .tell(url(silent), FINISHED, Optional.of(new Digits(200L << 20)))))
          .isFalse();
    }
  }

  @Test
  void whoNeverShakesHandsIsNotWaitedForForEver() throws Exception {
    try (ServerSocket silent = silent()) {
      assertThat(
              end(
                  callbacks(1, HASTY)
                      .tell("https://127.0.0.1:" + silent.getLocalPort(), FINISHED, result("1"))))
          .isFalse();
    }
  }

  /** Each read finds something, and there is never an end. */
  @Test
  void whoAnswersWithoutEndIsNotWaitedForForEver() throws Exception {
    try (ServerSocket server = silent()) {
      Thread drips =
          new Thread(
              () -> {
                try (Socket socket = server.accept()) {
                  socket.getOutputStream().write("HTTP/1.1 200 OK\r\nX: ".getBytes(UTF_8));
                  while (true) {
                    socket.getOutputStream().write('x');
                    TimeUnit.MILLISECONDS.sleep(10);
                  }
                } catch (IOException | InterruptedException e) {
                  // The other end has had enough.
                }
              });
      drips.start();

      assertThat(end(callbacks(1, HASTY).tell(url(server), FINISHED, result("1")))).isFalse();
      drips.join(TimeUnit.SECONDS.toMillis(SECONDS));
      assertThat(drips.isAlive()).isFalse();
    }
  }

  /** The kernel accepts for it, and nothing more comes. */
  private static ServerSocket silent() throws IOException {
    return new ServerSocket(0, 50, InetAddress.getLoopbackAddress());
  }

  private static String url(ServerSocket server) {
    return "http://127.0.0.1:" + server.getLocalPort() + "/";
  }

  @Test
  void whatPausesFailsWhenAllIsStopped() throws Exception {
    Target target = closedAtEnd(Target.with(500));
    HttpCallbacks callbacks =
        callbacks(
            List.of(LOOPBACK),
            2,
            Duration.ofHours(1),
            InetAddress::getAllByName,
            SSLContexts.createDefault(),
            PATIENT);
    CompletionStage<Boolean> call = callbacks.tell(target.url("/"), FINISHED, result("1"));
    target.told();

    callbacks.stop();

    assertThatThrownBy(() -> end(call)).isInstanceOf(CancellationException.class);
    assertThat(target.requests).isEmpty();
  }

  @Test
  void whatIsUnderWayFailsWhenAllIsStopped() throws Exception {
    try (ServerSocket silent = silent()) {
      HttpCallbacks callbacks = callbacks(1, PATIENT);
      CompletionStage<Boolean> call = callbacks.tell(url(silent), FINISHED, result("1"));
      try (Socket accepted = silent.accept()) {
        assertThat(accepted.getInputStream().read()).isEqualTo('P');

        callbacks.stop();

        assertThatThrownBy(() -> end(call)).isInstanceOf(CancellationException.class);
        assertBrokenOff(accepted);
      }
    }
  }

  private static void assertBrokenOff(Socket socket) throws IOException {
    socket.setSoTimeout(SECONDS * 1_000);
    try {
      socket.getInputStream().transferTo(OutputStream.nullOutputStream());
    } catch (SocketException e) {
      // Reset: broken off too. That nothing comes is another exception.
    }
  }

  // Where it goes

  @Test
  void whatMayNotBeCalledIsSaidBefore() {
    HttpCallbacks callbacks = callbacks(1, PATIENT);

    assertThat(callbacks.check("HTTP://127.0.0.1:81/a#b")).hasToString("http://127.0.0.1:81/a");
    assertThatThrownBy(() -> callbacks.check("http://hooks.example/"))
        .isInstanceOf(JobserverException.class)
        .hasMessageContaining("'hooks.example:80' may not be called back");
    assertThatThrownBy(() -> callbacks.check("ftp://127.0.0.1/"))
        .isInstanceOf(JobserverException.class)
        .hasMessage("Callback Url has to be 'http'/'https'");
  }

  @Test
  void whatMayNotBeCalledAnyMoreIsGivenUp() throws Exception {
    Target target = closedAtEnd(Target.with(200));
    HttpCallbacks off = callbacks(5, InetAddress::getAllByName);

    assertThat(end(off.tell(target.url("/"), FINISHED, result("1")))).isFalse();
    assertThat(target.requests).isEmpty();
  }

  @Test
  void aNameThatStandsForThisMachineIsNotEnough() throws Exception {
    Target target = closedAtEnd(Target.with(200));

    assertThat(
            end(
                callbacks(2, HttpCallbacksTest::here, "hooks.example")
                    .tell("http://hooks.example:" + target.port(), FINISHED, result("1"))))
        .isFalse();
    assertThat(target.requests).isEmpty();
  }

  @Test
  void theConnectionGoesToTheAddressThatWasChecked() throws Exception {
    Target allowed = closedAtEnd(Target.with(500, 200));
    Target other = closedAtEnd(Target.at("127.0.0.2", allowed.port(), 200));
    AtomicInteger asked = new AtomicInteger();
    Lookup rebinding =
        host -> {
          assertThat(host).isEqualTo("hooks.example");
          // What a second look-up for the same connection would find.
          return InetAddress.getAllByName(
              asked.incrementAndGet() % 2 == 1 ? LOOPBACK : "127.0.0.2");
        };

    assertThat(
            end(
                callbacks(3, rebinding, "hooks.example", LOOPBACK)
                    .tell("http://hooks.example:" + allowed.port(), FINISHED, result("1"))))
        .isTrue();

    assertThat(asked).hasValue(3);
    assertThat(allowed.requests)
        .hasSize(2)
        .allSatisfy(
            request ->
                assertThat(request.headers().getFirst("Host"))
                    .isEqualTo("hooks.example:" + allowed.port()));
    assertThat(other.requests).isEmpty();
  }

  @Test
  void ofSeveralAddressesOneThatIsAllowedIsCalled() throws Exception {
    Target allowed = closedAtEnd(Target.with(200));
    Target other = closedAtEnd(Target.at("127.0.0.2", allowed.port(), 200));
    Lookup both =
        host ->
            new InetAddress[] {
              InetAddress.getByName("127.0.0.2"), InetAddress.getLoopbackAddress()
            };

    assertThat(
            end(
                callbacks(1, both, "hooks.example", LOOPBACK)
                    .tell("http://hooks.example:" + allowed.port(), FINISHED, result("1"))))
        .isTrue();

    assertThat(allowed.requests).hasSize(1);
    assertThat(other.requests).isEmpty();
  }

  @Test
  void anIp6AddressIsCalled() throws Exception {
    Target target = closedAtEnd(Target.at("::1", 0, 200));

    assertThat(
            end(
                callbacks(1, InetAddress::getAllByName, "[::1]:" + target.port())
                    .tell("http://[::1]:" + target.port() + "/", FINISHED, result("1"))))
        .isTrue();

    assertThat(target.told().headers().getFirst("Host"))
        .isEqualTo("[0:0:0:0:0:0:0:1]:" + target.port());
  }

  @Test
  void proxiesOfTheSystemAreNotUsed() throws Exception {
    Target target = closedAtEnd(Target.with(200));
    try (ServerSocket proxy = silent()) {
      String port = String.valueOf(proxy.getLocalPort());
      Map<String, String> properties =
          Map.of(
              "http.proxyHost", LOOPBACK,
              "http.proxyPort", port,
              "http.nonProxyHosts", "",
              "socksProxyHost", LOOPBACK,
              "socksProxyPort", port,
              "socksNonProxyHosts", "");
      properties.forEach(System::setProperty);
      try {
        assertThat(end(callbacks(1, PATIENT).tell(target.url("/"), FINISHED, result("1"))))
            .isTrue();
      } finally {
        properties.keySet().forEach(System::clearProperty);
      }
    }
  }

  // TLS

  @Test
  void aCertificateForTheNameIsGood(@TempDir Path folder) throws Exception {
    Certificates certificates = Certificates.of("hooks.example", folder.resolve("store"));
    Target target = closedAtEnd(Target.secure(certificates.server()));

    assertThat(end(secure("hooks.example", target, certificates.client()))).isTrue();

    Target.Request request = target.told();
    assertThat(request.names()).containsExactly(new SNIHostName("hooks.example"));
    assertThat(request.body()).isEqualTo("{\"jobId\":\"the job\",\"result\":1}");
  }

  @Test
  void aCertificateForAnotherNameIsNot(@TempDir Path folder) throws Exception {
    Certificates certificates = Certificates.of("hooks.example", folder.resolve("store"));
    Target target = closedAtEnd(Target.secure(certificates.server()));

    assertThat(end(secure("other.example", target, certificates.client()))).isFalse();
    assertThat(target.requests).isEmpty();
  }

  @Test
  void aCertificateThatNobodyVouchesForIsNot(@TempDir Path folder) throws Exception {
    Certificates certificates = Certificates.of("hooks.example", folder.resolve("store"));
    Target target = closedAtEnd(Target.secure(certificates.server()));

    assertThat(end(secure("hooks.example", target, SSLContexts.createDefault()))).isFalse();
    assertThat(target.requests).isEmpty();
  }

  private CompletionStage<Boolean> secure(String name, Target target, SSLContext tls) {
    return callbacks(
            List.of(name, LOOPBACK), 1, Duration.ZERO, HttpCallbacksTest::here, tls, PATIENT)
        .tell("https://" + name + ":" + target.port(), FINISHED, result("1"));
  }

  // Logs

  /** The build lets connections log all that they would log. */
  @Test
  void logsHaveNeitherResultsNorPaths() throws Exception {
    Target target = closedAtEnd(Target.with(500, 200));
    ByteArrayOutputStream log = new ByteArrayOutputStream();
    PrintStream before = System.err;
    System.setErr(new PrintStream(log, true, UTF_8));
    try {
      assertThat(
              end(
                  callbacks(2, PATIENT)
                      .tell(target.url("/hidden?hidden"), FINISHED, result("\"hidden\""))))
          .isTrue();
    } finally {
      System.setErr(before);
    }
    assertThat(log.toString(UTF_8))
        .contains("job the job: attempt 1 of 2 to call http://127.0.0.1:", "has status 500")
        .doesNotContain("hidden");
  }
}
