package spark.jobserver.link.driver;

import java.io.IOException;
import java.io.InputStream;
import java.net.URI;
import java.net.http.HttpClient;
import java.net.http.HttpRequest;
import java.net.http.HttpRequest.BodyPublisher;
import java.net.http.HttpRequest.BodyPublishers;
import java.net.http.HttpResponse;
import java.net.http.HttpResponse.BodyHandlers;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardCopyOption;
import java.time.Duration;
import spark.jobserver.link.Enrolment;
import spark.jobserver.link.EnrolmentFile;
import spark.jobserver.link.Heartbeat;
import spark.jobserver.link.Hello;
import spark.jobserver.link.Wire;

/** The requests that a driver makes. Each throws {@link IOException} when it is worth repeating. */
final class LinkClient {
  private static final Duration PATIENCE = Duration.ofSeconds(30);

  private final HttpClient http =
      HttpClient.newBuilder()
          .version(HttpClient.Version.HTTP_1_1)
          .connectTimeout(Duration.ofSeconds(5))
          .build();
  private final EnrolmentFile enrolment;
  private final String key = Wire.newSecret();
  private volatile String url;

  LinkClient(EnrolmentFile enrolment) {
    this.enrolment = enrolment;
    this.url = enrolment.url();
  }

  /** Looks up where the server is now: a restart may have moved it. */
  void locate() {
    try {
      String moved = Files.readString(Path.of(enrolment.urlFile())).strip();
      url = enrolment.candidates(moved).get(0);
    } catch (IOException | RuntimeException e) {
      url = enrolment.url(); // in cluster deploy mode there is no such file
    }
  }

  void enrol(String spark) throws IOException, InterruptedException, ServerGone {
    Enrolment words =
        new Enrolment(
            enrolment.contextId(), enrolment.epoch(), enrolment.token(), key, Wire.PROTOCOL, spark);
    check(send("enrol", BodyPublishers.ofByteArray(Wire.line(words)), PATIENCE));
  }

  void heartbeat(Heartbeat beat) throws IOException, InterruptedException, ServerGone {
    check(send("heartbeat", BodyPublishers.ofByteArray(Wire.line(beat)), Duration.ofSeconds(5)));
  }

  /** The stream of commands, which lasts until it breaks. */
  InputStream commands(Hello hello) throws IOException, InterruptedException, ServerGone {
    HttpRequest request =
        request("commands").POST(BodyPublishers.ofByteArray(Wire.line(hello))).build();
    HttpResponse<InputStream> response = http.send(request, BodyHandlers.ofInputStream());
    if (response.statusCode() != 200) {
      response.body().close();
    }
    check(response.statusCode());
    return response.body();
  }

  void event(long sequence, BodyPublisher body, long attachment)
      throws IOException, InterruptedException, ServerGone {
    HttpRequest request =
        request("events")
            .header(Wire.SEQUENCE, Long.toString(sequence))
            .header(Wire.ATTACHMENT, Long.toString(attachment))
            .timeout(Duration.ofMinutes(5))
            .POST(body)
            .build();
    check(http.send(request, BodyHandlers.discarding()).statusCode());
  }

  /**
   * Fetches bytes into a file, which is there whole or not at all.
   *
   * @param route {@code bundles/} or {@code binaries/}
   */
  void fetch(String route, String digest, Path file)
      throws IOException, InterruptedException, ServerGone {
    HttpRequest request = request(route + digest).timeout(Duration.ofMinutes(5)).GET().build();
    Path part = Files.createTempFile(file.getParent(), "fetch", ".part");
    try {
      int status = http.send(request, BodyHandlers.ofFile(part)).statusCode();
      if (status == 404) {
        throw new IOException("the server has no " + route + digest);
      }
      check(status);
      Files.move(part, file, StandardCopyOption.ATOMIC_MOVE);
    } finally {
      Files.deleteIfExists(part);
    }
  }

  private int send(String path, BodyPublisher body, Duration timeout)
      throws IOException, InterruptedException {
    return http.send(request(path).timeout(timeout).POST(body).build(), BodyHandlers.discarding())
        .statusCode();
  }

  private HttpRequest.Builder request(String path) {
    return HttpRequest.newBuilder(URI.create(url + Wire.ROOT + path))
        .header(Wire.CONTEXT, enrolment.contextId())
        .header(Wire.EPOCH, Integer.toString(enrolment.epoch()))
        .header("Authorization", "Bearer " + key);
  }

  private static void check(int status) throws IOException, ServerGone {
    if (status == 410) {
      throw new ServerGone();
    }
    if (status >= 300) {
      throw new IOException("the server answered " + status);
    }
  }
}
