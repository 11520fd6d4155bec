package spark.jobserver.link.server;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.io.OutputStream;
import java.net.InetAddress;
import java.net.Socket;
import java.net.URI;
import java.net.http.HttpClient;
import java.net.http.HttpRequest;
import java.net.http.HttpRequest.BodyPublishers;
import java.net.http.HttpResponse;
import java.net.http.HttpResponse.BodyHandlers;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.List;
import java.util.stream.Stream;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.FieldSource;
import spark.jobserver.api.Failure;
import spark.jobserver.link.Enrolment;
import spark.jobserver.link.Event;
import spark.jobserver.link.Examples;
import spark.jobserver.link.NotingDesk;
import spark.jobserver.link.Wire;

/** The server's end, as a driver sees it that is written by hand. */
@Timeout(30)
class LinkServerTest {
  static final List<String> EVENTS = Examples.EVENTS;
  private static final DriverId DRIVER = new DriverId("context", 3);
  private static final String KEY = "the key";
  private static final String DIGEST = "ab".repeat(32);

  @TempDir Path spool;
  private final NotingDesk desk = new NotingDesk();
  private final HttpClient http = HttpClient.newHttpClient();
  private LinkServer server;

  @BeforeEach
  void start() throws IOException {
    desk.know(DRIVER, KEY);
    server = new LinkServer(InetAddress.getLoopbackAddress(), 0, spool, desk);
  }

  @AfterEach
  void stop() {
    server.close();
  }

  private HttpRequest.Builder request(String path) {
    return HttpRequest.newBuilder(URI.create(server.url() + Wire.ROOT + path))
        .header(Wire.CONTEXT, DRIVER.contextId())
        .header(Wire.EPOCH, "3")
        .header(Wire.SEQUENCE, "1");
  }

  private HttpRequest.Builder post(String path, byte[] body, int attachment) {
    return request(path)
        .header("Authorization", "Bearer " + KEY)
        .header(Wire.ATTACHMENT, Integer.toString(attachment))
        .POST(BodyPublishers.ofByteArray(body));
  }

  private int status(HttpRequest.Builder request) throws IOException, InterruptedException {
    return http.send(request.build(), BodyHandlers.discarding()).statusCode();
  }

  private static byte[] event(byte[] attachment) {
    ByteArrayOutputStream body = new ByteArrayOutputStream();
    body.writeBytes(Wire.line(new Event.JobEnded("a", Event.Ending.FINISHED, Failure.of(""))));
    body.writeBytes(attachment);
    return body.toByteArray();
  }

  @ParameterizedTest
  @FieldSource("EVENTS")
  void tellsTheDeskWhatADriverTells(String name) throws Exception {
    byte[] line = Wire.line(Examples.read(name, Event.class));

    assertThat(status(post("events", line, 0))).isEqualTo(204);

    NotingDesk.Told told = NotingDesk.next(desk.events);
    assertThat(told.driver()).isEqualTo(DRIVER);
    assertThat(told.event()).isEqualTo(Examples.read(name, Event.class));
  }

  @Test
  void passesOnAttachmentsOfAnySize() throws Exception {
    for (int size : new int[] {0, 1, 256 * 1024 - 1, 256 * 1024, 256 * 1024 + 1, 3_000_000}) {
      byte[] attachment = new byte[size];
      Arrays.fill(attachment, (byte) 7);

      assertThat(status(post("events", event(attachment), size))).isEqualTo(204);
      assertThat(NotingDesk.next(desk.events).bytes()).isEqualTo(attachment);
    }
    assertThat(spooled()).isEmpty();
  }

  private List<Path> spooled() throws IOException {
    try (Stream<Path> files = Files.list(spool)) {
      return files.toList();
    }
  }

  @Test
  void takesNoAttachmentThatBreaksOff() throws Exception {
    for (int size : new int[] {1000, 1_000_000}) {
      byte[] body = event(new byte[size]);
      try (Socket socket = new Socket(InetAddress.getLoopbackAddress(), port())) {
        String head =
            String.join(
                "\r\n",
                "POST " + Wire.ROOT + "events HTTP/1.1",
                "Host: x",
                Wire.CONTEXT + ": context",
                Wire.EPOCH + ": 3",
                Wire.SEQUENCE + ": 1",
                Wire.ATTACHMENT + ": " + size,
                "Authorization: Bearer " + KEY,
                "Content-Length: " + body.length,
                "",
                "");
        OutputStream out = socket.getOutputStream();
        out.write(head.getBytes(StandardCharsets.US_ASCII));
        out.write(body, 0, body.length - 10);
        out.flush();
        socket.shutdownOutput();
        String answer =
            new String(socket.getInputStream().readAllBytes(), StandardCharsets.US_ASCII);
        assertThat(answer).doesNotContain(" 204 ");
      }
    }
    assertThat(desk.events).isEmpty();
    assertThat(spooled()).isEmpty();
  }

  private int port() {
    return URI.create(server.url()).getPort();
  }

  @Test
  void refusesAWrongKeyOnEveryPath() throws Exception {
    byte[] body = new byte[100_000];
    for (String path : new String[] {"commands", "events", "heartbeat", "bundles/" + DIGEST}) {
      assertThat(
              status(
                  request(path)
                      .header("Authorization", "Bearer wrong")
                      .POST(BodyPublishers.ofByteArray(body))))
          .as(path)
          .isEqualTo(401);
      assertThat(status(request(path).POST(BodyPublishers.ofByteArray(body))))
          .as(path)
          .isEqualTo(401);
    }
    HttpRequest.Builder otherEpoch =
        HttpRequest.newBuilder(URI.create(server.url() + Wire.ROOT + "events"))
            .header(Wire.CONTEXT, "context")
            .header(Wire.EPOCH, "4")
            .header("Authorization", "Bearer " + KEY)
            .POST(BodyPublishers.ofByteArray(body));
    assertThat(status(otherEpoch)).isEqualTo(401);
    assertThat(desk.events).isEmpty();
  }

  @Test
  void tellsADriverThatIsNotWantedToEnd() throws Exception {
    desk.over();

    assertThat(status(post("heartbeat", Examples.json("heartbeat"), 0))).isEqualTo(410);
    assertThat(status(post("events", event(new byte[0]), 0))).isEqualTo(410);
  }

  @Test
  void enrolsADriverThatHasTheTokenAndSpeaksTheProtocol() throws Exception {
    assertThat(status(post("enrol", enrolment(NotingDesk.TOKEN, Wire.PROTOCOL), 0))).isEqualTo(204);
    assertThat(status(post("enrol", enrolment("wrong", Wire.PROTOCOL), 0))).isEqualTo(401);
    assertThat(status(post("enrol", enrolment(NotingDesk.TOKEN, Wire.PROTOCOL + 1), 0)))
        .isEqualTo(401);
  }

  private static byte[] enrolment(String token, int protocol) {
    return Wire.line(new Enrolment("new", 1, token, "key", protocol, "4.0.5"));
  }

  @Test
  void asksToTryAgainWhenTheDeskIsOutOfOrder() throws Exception {
    desk.failing(true);
    assertThat(status(post("events", event(new byte[0]), 0))).isEqualTo(503);
    assertThat(status(post("enrol", enrolment(NotingDesk.TOKEN, 1), 0))).isEqualTo(503);

    desk.failing(false);
    assertThat(status(post("events", event(new byte[0]), 0))).isEqualTo(204);
  }

  @Test
  void refusesWhatIsNoMessage() throws Exception {
    byte[] nonsense = "{\"type\":\"unheard-of\"}\n".getBytes(StandardCharsets.UTF_8);

    assertThat(status(post("events", nonsense, 0))).isEqualTo(400);
    assertThat(status(post("heartbeat", "[".getBytes(StandardCharsets.UTF_8), 0))).isEqualTo(400);
  }

  @Test
  void servesBytesByTheirDigest() throws Exception {
    desk.bundles.put(DIGEST, new byte[] {1, 2});
    desk.binaries.put(DIGEST, new byte[0]);

    assertThat(get("bundles/" + DIGEST).body()).containsExactly(1, 2);
    assertThat(get("binaries/" + DIGEST).statusCode()).isEqualTo(200);
    assertThat(get("binaries/" + "cd".repeat(32)).statusCode()).isEqualTo(404);
    assertThat(get("bundles/../etc/passwd").statusCode()).isEqualTo(404);
  }

  private HttpResponse<byte[]> get(String path) throws IOException, InterruptedException {
    return http.send(
        request(path).header("Authorization", "Bearer " + KEY).GET().build(),
        BodyHandlers.ofByteArray());
  }

  @Test
  void removesWhatAnEarlierServerLeftInTheSpool() throws IOException {
    Files.writeString(spool.resolve("event123.part"), "half");
    Files.writeString(spool.resolve("another"), "stays");

    new LinkServer(InetAddress.getLoopbackAddress(), 0, spool, desk).close();

    assertThat(spooled()).containsExactly(spool.resolve("another"));
  }
}
