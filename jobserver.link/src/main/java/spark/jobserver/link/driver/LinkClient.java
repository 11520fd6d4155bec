package spark.jobserver.link.driver;

import java.io.IOException;
import java.io.InputStream;
import java.io.OutputStream;
import java.net.URI;
import java.net.http.HttpClient;
import java.net.http.HttpRequest;
import java.net.http.HttpRequest.BodyPublisher;
import java.net.http.HttpRequest.BodyPublishers;
import java.net.http.HttpResponse;
import java.net.http.HttpResponse.BodyHandler;
import java.net.http.HttpResponse.BodyHandlers;
import java.nio.file.Files;
import java.nio.file.NoSuchFileException;
import java.nio.file.Path;
import java.nio.file.StandardCopyOption;
import java.security.DigestInputStream;
import java.security.MessageDigest;
import java.security.NoSuchAlgorithmException;
import java.time.Duration;
import java.util.HexFormat;
import java.util.List;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.TimeoutException;
import spark.jobserver.link.Enrolment;
import spark.jobserver.link.EnrolmentFile;
import spark.jobserver.link.Event;
import spark.jobserver.link.Heartbeat;
import spark.jobserver.link.Hello;
import spark.jobserver.link.Wire;

/** The requests that a driver makes. Each throws {@link IOException} when it is worth repeating. */
final class LinkClient implements AutoCloseable {
  private static final Duration SMALL = Duration.ofSeconds(10);
  private static final Duration COMMIT = Duration.ofSeconds(30);
  private static final Duration LARGE = Duration.ofMinutes(5);
  private static final long SLOWEST_BYTES_PER_SECOND = 256 * 1024;

  private final ExecutorService threads =
      Executors.newCachedThreadPool(
          work -> {
            Thread thread = new Thread(work, "link-http");
            thread.setDaemon(true);
            return thread;
          });
  private final HttpClient http = client();
  // Has no idle connections of others, which may have died without a word, to dial by.
  private final HttpClient dialling = client();
  private final EnrolmentFile enrolment;
  private final String key = Wire.newSecret();
  private volatile String url;

  LinkClient(EnrolmentFile enrolment) {
    this.enrolment = enrolment;
    this.url = enrolment.url();
  }

  private HttpClient client() {
    return HttpClient.newBuilder()
        .version(HttpClient.Version.HTTP_1_1)
        .proxy(HttpClient.Builder.NO_PROXY)
        .connectTimeout(Duration.ofSeconds(5))
        .executor(threads)
        .build();
  }

  /**
   * Looks up where the server is now: a restart may have moved it.
   *
   * @param failures how often it was not found in a row; another address is tried each time
   */
  void locate(int failures) {
    String moved;
    try {
      moved = Files.readString(Path.of(enrolment.urlFile())).strip();
    } catch (IOException | RuntimeException e) {
      moved = ""; // in cluster deploy mode there is no such file
    }
    List<String> candidates = enrolment.candidates(moved.startsWith("http://") ? moved : "");
    url = candidates.get(failures % candidates.size());
  }

  /**
   * @throws ServerGone also when the token is refused, for it will never be right
   */
  void enrol(String spark) throws IOException, InterruptedException, ServerGone {
    Enrolment words =
        new Enrolment(
            enrolment.contextId(), enrolment.epoch(), enrolment.token(), key, Wire.PROTOCOL, spark);
    int status = send(dialling, "enrol", BodyPublishers.ofByteArray(Wire.line(words)));
    if (status == 401) {
      throw new ServerGone("the server has refused the token of this driver");
    }
    check(status);
  }

  void heartbeat(Heartbeat beat) throws IOException, InterruptedException, ServerGone {
    check(send(http, "heartbeat", BodyPublishers.ofByteArray(Wire.line(beat))));
  }

  /** The stream of commands, which lasts until it breaks or is closed. */
  InputStream commands(Hello hello) throws IOException, InterruptedException, ServerGone {
    HttpRequest request =
        request("commands")
            .timeout(SMALL)
            .POST(BodyPublishers.ofByteArray(Wire.line(hello)))
            .build();
    HttpResponse<InputStream> response = dialling.send(request, BodyHandlers.ofInputStream());
    if (response.statusCode() != 200) {
      response.body().close();
    }
    check(response.statusCode());
    return response.body();
  }

  /**
   * @param body the message's line and the attachment
   * @param attachment the length of the attachment
   */
  void event(long sequence, BodyPublisher body, long attachment)
      throws IOException, InterruptedException, ServerGone {
    HttpRequest request =
        request("events")
            .header(Wire.SEQUENCE, Long.toString(sequence))
            .header(Wire.ATTACHMENT, Long.toString(attachment))
            .timeout(COMMIT.plusSeconds(attachment / SLOWEST_BYTES_PER_SECOND))
            .POST(body)
            .build();
    check(http.send(request, BodyHandlers.discarding()).statusCode());
  }

  /**
   * Tells an event that may be lost.
   *
   * @return false when the server does not know this kind of event
   */
  boolean mention(Event event) throws IOException, InterruptedException, ServerGone {
    HttpRequest request =
        request("events")
            .header(Wire.ATTACHMENT, "0")
            .timeout(SMALL)
            .POST(BodyPublishers.ofByteArray(Wire.line(event)))
            .build();
    int status = http.send(request, BodyHandlers.discarding()).statusCode();
    if (status == 400) {
      return false;
    }
    check(status);
    return true;
  }

  /**
   * Fetches bytes into a file, which is there whole or not at all.
   *
   * @param route {@code bundles/} or {@code binaries/}
   * @throws NoSuchFileException when the server says that it does not have them
   */
  void fetch(String route, String digest, Path file)
      throws IOException, InterruptedException, ServerGone {
    HttpRequest request = request(route + digest).timeout(SMALL).GET().build();
    Path part = Files.createTempFile(file.getParent(), "fetch", ".part");
    try {
      int status = sendWithin(LARGE, request, BodyHandlers.ofFile(part)).statusCode();
      if (status == 404) {
        throw new NoSuchFileException(route + digest, null, "the server does not have it");
      }
      check(status);
      if (!digest(part).equals(digest)) {
        throw new IOException(route + digest + " came with other bytes");
      }
      Files.move(part, file, StandardCopyOption.ATOMIC_MOVE);
    } finally {
      Files.deleteIfExists(part);
    }
  }

  /** Sends; the time limit covers the body of the answer, unlike the request's own. */
  private <T> HttpResponse<T> sendWithin(
      Duration limit, HttpRequest request, BodyHandler<T> handler)
      throws IOException, InterruptedException {
    CompletableFuture<HttpResponse<T>> response = http.sendAsync(request, handler);
    try {
      return response.get(limit.toMillis(), TimeUnit.MILLISECONDS);
    } catch (ExecutionException e) {
      throw new IOException(e.getCause().toString(), e.getCause());
    } catch (TimeoutException e) {
      throw new IOException("no whole answer within " + limit, e);
    } finally {
      response.cancel(true);
    }
  }

  private static String digest(Path file) throws IOException {
    try {
      MessageDigest sha = MessageDigest.getInstance("SHA-256");
      try (InputStream in = new DigestInputStream(Files.newInputStream(file), sha)) {
        in.transferTo(OutputStream.nullOutputStream());
      }
      return HexFormat.of().formatHex(sha.digest());
    } catch (NoSuchAlgorithmException e) {
      throw new IllegalStateException("every Java has SHA-256", e);
    }
  }

  private int send(HttpClient client, String path, BodyPublisher body)
      throws IOException, InterruptedException {
    return client
        .send(request(path).timeout(SMALL).POST(body).build(), BodyHandlers.discarding())
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
      throw new ServerGone("the server has said that this driver is no longer wanted");
    }
    if (status >= 300) {
      throw new IOException("the server answered " + status);
    }
  }

  /** Ends the threads; requests under way fail. */
  @Override
  public void close() {
    threads.shutdownNow();
  }
}
