package spark.jobserver.link.driver;

import java.io.IOException;
import java.io.InputStream;
import java.io.OutputStream;
import java.net.HttpURLConnection;
import java.net.Proxy;
import java.net.URI;
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
import java.util.Map;
import java.util.Optional;
import java.util.concurrent.ConcurrentHashMap;
import javax.net.ssl.HttpsURLConnection;
import javax.net.ssl.SSLContext;
import javax.net.ssl.SSLSocketFactory;
import spark.jobserver.api.Content;
import spark.jobserver.link.Enrolment;
import spark.jobserver.link.EnrolmentFile;
import spark.jobserver.link.Event;
import spark.jobserver.link.Heartbeat;
import spark.jobserver.link.Hello;
import spark.jobserver.link.Trust;
import spark.jobserver.link.Wire;

/**
 * The requests that a driver makes. Each throws {@link IOException} when it is worth repeating.
 *
 * <p>They are made by the JDK's older client, on the thread that calls: its newer one hands each
 * request, and each piece of an answer, on between four threads, which takes more than twice as
 * much of the processor (2.0 ms against 0.8 for a request, both ends together), and most jobs are
 * shorter than that.
 */
final class LinkClient implements AutoCloseable {
  private static final Duration SMALL = Duration.ofSeconds(10);
  private static final Duration COMMIT = Duration.ofSeconds(30);
  private static final Duration LARGE = Duration.ofMinutes(5);
  private static final Duration CONNECT = Duration.ofSeconds(5);
  private static final long SLOWEST_BYTES_PER_SECOND = 256 * 1024;

  /** Longer bodies are not copied to be sent in one piece with what goes before them. */
  private static final int ONE_PIECE = 64 * 1024;

  private final Optional<SSLSocketFactory> tls;
  private final EnrolmentFile enrolment;
  private final String key = Wire.newSecret();

  /** The requests under way, and by when each must be over, by {@link System#nanoTime}. */
  private final Map<HttpURLConnection, Long> underWay = new ConcurrentHashMap<>();

  private volatile String url;
  private volatile boolean closed;

  LinkClient(EnrolmentFile enrolment) {
    this.enrolment = enrolment;
    this.url = enrolment.url();
    Optional<SSLContext> context =
        Optional.of(enrolment.trust()).filter(Trust::asksForTls).map(Trust::context);
    // One for all requests: the JDK keeps connections by it.
    this.tls = context.map(SSLContext::getSocketFactory);
  }

  /**
   * Looks up where the server is now: a restart may have moved it.
   *
   * @param failures how often it was not found in a row; another address is tried each time
   * @throws IOException when it is where this driver must not tell it anything
   */
  void locate(int failures) throws IOException {
    String moved;
    try {
      moved = Files.readString(Path.of(enrolment.urlFile())).strip();
    } catch (IOException | RuntimeException e) {
      moved = ""; // in cluster deploy mode there is no such file
    }
    List<String> candidates = enrolment.candidates(moved.matches("https?://.*") ? moved : "");
    String candidate = candidates.get(failures % candidates.size());
    if (!enrolment.trust().allows(candidate)) {
      throw new IOException(
          "the server is at %s, and this driver was started %s"
              .formatted(
                  candidate,
                  enrolment.trust().asksForTls()
                      ? "to tell it nothing without TLS"
                      : "without a certificate to know it by"));
    }
    url = candidate;
  }

  /** Where the server is taken to be. */
  String url() {
    return url;
  }

  /**
   * @throws ServerGone also when the token is refused, for it will never be right
   */
  void enrol(String spark) throws IOException, ServerGone {
    Enrolment words =
        new Enrolment(
            enrolment.contextId(), enrolment.epoch(), enrolment.token(), key, Wire.PROTOCOL, spark);
    int status = post("enrol", Map.of(), Content.of(Wire.line(words)), SMALL);
    if (status == 401) {
      throw new ServerGone("the server has refused the token of this driver");
    }
    check(status);
  }

  void heartbeat(Heartbeat beat) throws IOException, ServerGone {
    check(post("heartbeat", Map.of(), Content.of(Wire.line(beat)), SMALL));
  }

  /**
   * The stream of commands, which lasts until it breaks. It is to be closed by the thread that
   * reads it: the JDK lets nobody else do so meanwhile.
   *
   * @param longestSilence after which reading it fails
   */
  InputStream commands(Hello hello, Duration longestSilence) throws IOException, ServerGone {
    HttpURLConnection[] answered = new HttpURLConnection[1];
    check(
        exchange(
            "commands",
            SMALL,
            request -> {
              request.setReadTimeout((int) longestSilence.toMillis());
              send(request, Map.of(), Content.of(Wire.line(hello)));
              if (request.getResponseCode() != 200) {
                return status(request);
              }
              answered[0] = request;
              return 200;
            }));
    return answered[0].getInputStream();
  }

  /**
   * @param body the message's line and the attachment
   * @param attachment the length of the attachment
   */
  void event(long sequence, Content body, long attachment) throws IOException, ServerGone {
    Map<String, String> headers =
        Map.of(Wire.SEQUENCE, Long.toString(sequence), Wire.ATTACHMENT, Long.toString(attachment));
    Duration patience = COMMIT.plusSeconds(attachment / SLOWEST_BYTES_PER_SECOND);
    check(post("events", headers, body, patience));
  }

  /**
   * Tells an event that may be lost.
   *
   * @return false when the server does not know this kind of event
   */
  boolean mention(Event event) throws IOException, ServerGone {
    int status = post("events", Map.of(Wire.ATTACHMENT, "0"), Content.of(Wire.line(event)), SMALL);
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
  void fetch(String route, String digest, Path file) throws IOException, ServerGone {
    Path part = Files.createTempFile(file.getParent(), "fetch", ".part");
    try {
      int status = get(route + digest, part);
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

  private interface Exchange {
    /** Sends what is to be sent, and returns the status of the answer, which is read to its end. */
    int with(HttpURLConnection request) throws IOException;
  }

  private int get(String path, Path answer) throws IOException {
    return exchange(
        path,
        LARGE,
        request -> {
          request.setReadTimeout((int) SMALL.toMillis()); // for each piece; all have LARGE
          if (request.getResponseCode() != 200) {
            return status(request);
          }
          try (InputStream in = request.getInputStream()) {
            Files.copy(in, answer, StandardCopyOption.REPLACE_EXISTING);
          }
          return 200;
        });
  }

  private int post(String path, Map<String, String> headers, Content body, Duration patience)
      throws IOException {
    return exchange(
        path,
        patience,
        request -> {
          send(request, headers, body);
          return status(request);
        });
  }

  private static void send(HttpURLConnection request, Map<String, String> headers, Content body)
      throws IOException {
    headers.forEach(request::setRequestProperty);
    request.setDoOutput(true);
    if (body.size() > ONE_PIECE) {
      request.setFixedLengthStreamingMode(body.size());
    }
    try (OutputStream out = request.getOutputStream();
        InputStream in = body.open()) {
      in.transferTo(out);
    }
  }

  private int exchange(String path, Duration patience, Exchange exchange) throws IOException {
    HttpURLConnection request =
        (HttpURLConnection)
            URI.create(url + Wire.ROOT + path).toURL().openConnection(Proxy.NO_PROXY);
    if (request instanceof HttpsURLConnection secure) {
      secure.setSSLSocketFactory(tls.orElseThrow());
    }
    request.setInstanceFollowRedirects(false);
    request.setUseCaches(false);
    request.setConnectTimeout((int) CONNECT.toMillis());
    request.setReadTimeout((int) patience.toMillis());
    identity().forEach(request::setRequestProperty);
    underWay.put(request, System.nanoTime() + patience.toNanos());
    boolean whole = false;
    try {
      if (closed) {
        throw new IOException("the link is closed");
      }
      int status = exchange.with(request);
      whole = true;
      return status;
    } finally {
      underWay.remove(request);
      if (!whole) {
        request.disconnect();
      }
    }
  }

  /** The status; the answer is read to its end, so that its connection can be used again. */
  private static int status(HttpURLConnection request) throws IOException {
    int status = request.getResponseCode();
    try (InputStream in = status < 400 ? request.getInputStream() : request.getErrorStream()) {
      if (in != null) {
        in.transferTo(OutputStream.nullOutputStream());
      }
    }
    return status;
  }

  private Map<String, String> identity() {
    return Map.of(
        Wire.CONTEXT,
        enrolment.contextId(),
        Wire.EPOCH,
        Integer.toString(enrolment.epoch()),
        "Authorization",
        "Bearer " + key);
  }

  private static void check(int status) throws IOException, ServerGone {
    if (status == 410) {
      throw new ServerGone("the server has said that this driver is no longer wanted");
    }
    if (status >= 300) {
      throw new IOException("the server answered " + status);
    }
  }

  /** Breaks off the requests that take too long; to be called now and then. */
  void breakOffLate() {
    long now = System.nanoTime();
    underWay.forEach(
        (request, end) -> {
          if (now - end > 0) {
            request.disconnect();
          }
        });
  }

  /** Requests under way fail. */
  @Override
  public void close() {
    closed = true;
    underWay.keySet().forEach(HttpURLConnection::disconnect);
  }
}
