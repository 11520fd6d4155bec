package spark.jobserver.link.server;

import static java.util.Objects.requireNonNull;

import com.fasterxml.jackson.core.JsonProcessingException;
import com.sun.net.httpserver.HttpExchange;
import com.sun.net.httpserver.HttpServer;
import com.sun.net.httpserver.HttpsServer;
import java.io.BufferedInputStream;
import java.io.IOException;
import java.io.InputStream;
import java.io.OutputStream;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.nio.file.DirectoryStream;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.List;
import java.util.Optional;
import java.util.Set;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicInteger;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;
import spark.jobserver.api.Content;
import spark.jobserver.link.Command;
import spark.jobserver.link.Enrolment;
import spark.jobserver.link.Event;
import spark.jobserver.link.Heartbeat;
import spark.jobserver.link.Hello;
import spark.jobserver.link.Wire;

/**
 * The server's end of the link: an HTTP endpoint with threads of its own, beside the public one, so
 * that neither plugins that come and go nor blocked uploads disturb it.
 *
 * <p>Answers: 200 or 204 when what was asked is done and durable, 401 when the driver's key or
 * token is wrong, 410 when it shall end itself, 404 for bytes that are not there, 400 for what is
 * no message or of a kind unknown here, 503 for anything else that is worth another try.
 */
public final class LinkServer implements AutoCloseable {
  private static final Logger LOG = LoggerFactory.getLogger(LinkServer.class);
  private static final Duration KEEP_ALIVE = Duration.ofSeconds(2);
  private static final Duration CLOSE_PATIENCE = Duration.ofSeconds(10);
  private static final int IN_MEMORY = 256 * 1024;

  /** Many times of what one has; whoever reaches the port may send one. */
  private static final int LONGEST_ENROLMENT = 16 * 1024;

  private static final long LONGEST_DRAIN = 16L * 1024 * 1024;
  private static final String PART = ".part";

  static {
    // The JDK reads these once, for all its HTTP servers.
    // Without it small answers wait for Nagle's algorithm, 40 ms each.
    setUnlessSet("sun.net.httpserver.nodelay", "true");
    // Seconds: a request that has not arrived by then is given up with its thread.
    setUnlessSet("sun.net.httpserver.maxReqTime", "3600");
    // A driver keeps about six connections, of which most are idle.
    setUnlessSet("sun.net.httpserver.maxIdleConnections", "2000");
    // Each takes a thread and may take as much memory before it is known whose it is.
    setUnlessSet("jdk.httpserver.maxConnections", "2000");
    setUnlessSet("sun.net.httpserver.maxReqHeaderSize", "16384");
  }

  private static void setUnlessSet(String property, String value) {
    if (System.getProperty(property) == null) {
      System.setProperty(property, value);
    }
  }

  private final DriverDesk desk;
  private final Path spool;
  private final HttpServer http;
  private final ExecutorService threads;
  private final Set<Thread> streaming = ConcurrentHashMap.newKeySet();

  /** Starts to listen, without TLS. */
  public LinkServer(InetAddress address, int port, Path spool, DriverDesk desk) throws IOException {
    this(address, port, Optional.empty(), spool, desk);
  }

  /**
   * Starts to listen.
   *
   * @param port 0 for any
   * @param tls with which nothing else is spoken
   * @param spool a folder of this server alone, for attachments too large for memory; what an
   *     earlier one left there is removed
   * @throws IOException when the address cannot be listened on
   */
  public LinkServer(
      InetAddress address, int port, Optional<LinkTls> tls, Path spool, DriverDesk desk)
      throws IOException {
    this.desk = requireNonNull(desk, "desk");
    this.spool = Files.createDirectories(spool);
    try (DirectoryStream<Path> parts = Files.newDirectoryStream(spool, "event*" + PART)) {
      for (Path part : parts) {
        Files.deleteIfExists(part);
      }
    }
    AtomicInteger count = new AtomicInteger();
    this.threads =
        Executors.newCachedThreadPool(
            work -> {
              Thread thread = new Thread(work, "link-" + count.incrementAndGet());
              thread.setDaemon(true);
              return thread;
            });
    this.http = listening(new InetSocketAddress(address, port), tls);
    http.setExecutor(threads);
    route("enrol", this::enrol);
    route("commands", this::commands);
    route("events", this::events);
    route("heartbeat", this::heartbeat);
    route("bundles/", exchange -> bytes(exchange, "bundles/", desk::bundle));
    route("binaries/", exchange -> bytes(exchange, "binaries/", desk::binary));
    http.start();
  }

  private static HttpServer listening(InetSocketAddress address, Optional<LinkTls> tls)
      throws IOException {
    if (tls.isEmpty()) {
      return HttpServer.create(address, 0);
    }
    HttpsServer https = HttpsServer.create(address, 0);
    https.setHttpsConfigurator(tls.get().configurator());
    return https;
  }

  /** Where drivers find this end. */
  public String url() {
    InetSocketAddress address = http.getAddress();
    String host = address.getAddress().getHostAddress();
    String scheme = http instanceof HttpsServer ? "https://" : "http://";
    return scheme + (host.contains(":") ? "[" + host + "]" : host) + ":" + address.getPort();
  }

  /**
   * Stops listening; open streams break off, and drivers dial again. What the desk was just told is
   * carried through: a store may not bear interrupts. A driver that does not hear of it tells it
   * again.
   */
  @Override
  public void close() {
    http.stop(0);
    streaming.forEach(Thread::interrupt);
    threads.shutdown();
    try {
      if (!threads.awaitTermination(CLOSE_PATIENCE.toSeconds(), TimeUnit.SECONDS)) {
        LOG.warn("the link is closed while the desk is still busy");
      }
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
    }
  }

  private interface Handler {
    void handle(HttpExchange exchange) throws IOException, InterruptedException;
  }

  private interface Source {
    Optional<Content> find(String digest) throws IOException;
  }

  private void route(String path, Handler handler) {
    http.createContext(
        Wire.ROOT + path,
        exchange -> {
          try (exchange) {
            answering(path, handler, exchange);
          } catch (IOException e) {
            LOG.debug("{}: {}", path, e.toString());
          }
        });
  }

  private static void answering(String path, Handler handler, HttpExchange exchange)
      throws IOException {
    try {
      handler.handle(exchange);
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
    } catch (JsonProcessingException e) {
      LOG.warn("{}: not a message: {}", path, e.getOriginalMessage());
      answer(exchange, 400);
    } catch (IOException e) {
      LOG.debug("{}: {}", path, e.toString());
      answer(exchange, 503);
    } catch (RuntimeException e) {
      LOG.warn("{}: a driver is asked to try again", path, e);
      answer(exchange, 503);
    }
  }

  /**
   * Answers without a body, unless it has been answered. What is left of the request is read first:
   * the JDK's server would close the connection under a driver that still writes, and the driver
   * would not see the answer.
   */
  private static void answer(HttpExchange exchange, int status) throws IOException {
    if (exchange.getResponseCode() < 0) {
      byte[] buffer = new byte[8192];
      InputStream body = exchange.getRequestBody();
      long drained = 0;
      for (int n = 0; n >= 0 && drained < LONGEST_DRAIN; n = body.read(buffer)) {
        drained += n;
      }
      exchange.sendResponseHeaders(status, -1);
    }
  }

  private static int status(DriverDesk.Admission admission) {
    return switch (admission) {
      case ADMITTED -> 204;
      case REFUSED -> 401;
      case GONE -> 410;
    };
  }

  private void enrol(HttpExchange exchange) throws IOException {
    Enrolment enrolment =
        Wire.read(exchange.getRequestBody().readNBytes(LONGEST_ENROLMENT), Enrolment.class);
    if (!isWhole(enrolment)) {
      answer(exchange, 400);
      return;
    }
    if (enrolment.protocol() != Wire.PROTOCOL) {
      LOG.warn("{} refused: this server speaks protocol {}", enrolment, Wire.PROTOCOL);
      answer(exchange, 401);
      return;
    }
    answer(exchange, status(desk.enrol(enrolment)));
  }

  /** JSON may be {@code null}, and leave out what a driver never does. */
  private static boolean isWhole(Enrolment enrolment) {
    return enrolment != null
        && enrolment.contextId() != null
        && enrolment.token() != null
        && enrolment.key() != null;
  }

  /** The driver that asks, when its key is right; it has been answered otherwise. */
  private Optional<DriverId> admitted(HttpExchange exchange) throws IOException {
    String context = exchange.getRequestHeaders().getFirst(Wire.CONTEXT);
    String epoch = exchange.getRequestHeaders().getFirst(Wire.EPOCH);
    String authorization = exchange.getRequestHeaders().getFirst("Authorization");
    if (context == null
        || epoch == null
        || !epoch.matches("[0-9]{1,9}")
        || authorization == null
        || !authorization.startsWith("Bearer ")) {
      answer(exchange, 401);
      return Optional.empty();
    }
    DriverId driver = new DriverId(context, Integer.parseInt(epoch));
    DriverDesk.Admission admission =
        desk.admit(driver, authorization.substring("Bearer ".length()));
    if (admission != DriverDesk.Admission.ADMITTED) {
      answer(exchange, status(admission));
      return Optional.empty();
    }
    return Optional.of(driver);
  }

  private void commands(HttpExchange exchange) throws IOException, InterruptedException {
    Optional<DriverId> driver = admitted(exchange);
    if (driver.isEmpty()) {
      return;
    }
    Hello hello = Wire.read(exchange.getRequestBody().readAllBytes(), Hello.class);
    CommandLog log = desk.connected(driver.get(), hello);
    log.received(hello.session(), hello.received());
    long reader = log.takeOver();
    long sent = log.session().equals(hello.session()) ? hello.received() : 0;
    LOG.info("{}: driver connected, replaying after command {}", driver.get(), sent);
    exchange.sendResponseHeaders(200, 0);
    streaming.add(Thread.currentThread());
    try (OutputStream out = exchange.getResponseBody()) {
      stream(log, reader, sent, out);
    } catch (IllegalStateException e) {
      LOG.debug("{}: {}", driver.get(), e.getMessage());
    } catch (IOException e) {
      if (log.isRead(reader) && !threads.isShutdown()) {
        LOG.info("{}: driver disconnected", driver.get());
        desk.disconnected(driver.get());
      }
    } finally {
      streaming.remove(Thread.currentThread());
    }
  }

  private static void stream(CommandLog log, long reader, long begin, OutputStream out)
      throws IOException, InterruptedException {
    for (long sent = begin; ; ) {
      List<Command.Numbered> next = log.after(reader, sent, KEEP_ALIVE);
      if (next.isEmpty()) {
        out.write('\n');
      }
      for (Command.Numbered command : next) {
        out.write(Wire.line(command));
        sent = command.number();
      }
      out.flush();
    }
  }

  private void events(HttpExchange exchange) throws IOException {
    Optional<DriverId> driver = admitted(exchange);
    if (driver.isEmpty()) {
      return;
    }
    InputStream body = new BufferedInputStream(exchange.getRequestBody());
    Event event = Wire.readLine(body, Event.class);
    LOG.debug(
        "{}: event {}: {}",
        driver.get(),
        exchange.getRequestHeaders().getFirst(Wire.SEQUENCE),
        event.getClass().getSimpleName());
    byte[] head = body.readNBytes(IN_MEMORY);
    if (head.length < IN_MEMORY) {
      checkWhole(exchange, head.length);
      desk.event(driver.get(), event, Content.of(head));
    } else {
      Path file = Files.createTempFile(spool, "event", PART);
      try {
        try (OutputStream out = Files.newOutputStream(file)) {
          out.write(head);
          checkWhole(exchange, head.length + body.transferTo(out));
        }
        desk.event(driver.get(), event, Content.of(file));
      } finally {
        Files.deleteIfExists(file);
      }
    }
    answer(exchange, 204);
  }

  /**
   * The JDK's server takes a body that breaks off for a short one, so the driver says its length.
   */
  private static void checkWhole(HttpExchange exchange, long length) throws IOException {
    String announced = exchange.getRequestHeaders().getFirst(Wire.ATTACHMENT);
    if (!String.valueOf(length).equals(announced)) {
      throw new IOException("an attachment of " + announced + " bytes broke off after " + length);
    }
  }

  private void heartbeat(HttpExchange exchange) throws IOException {
    Optional<DriverId> driver = admitted(exchange);
    if (driver.isPresent()) {
      Heartbeat beat = Wire.read(exchange.getRequestBody().readNBytes(IN_MEMORY), Heartbeat.class);
      desk.alive(driver.get(), beat);
      answer(exchange, 204);
    }
  }

  private void bytes(HttpExchange exchange, String route, Source source) throws IOException {
    if (admitted(exchange).isEmpty()) {
      return;
    }
    String digest = exchange.getRequestURI().getPath().substring((Wire.ROOT + route).length());
    Optional<Content> content =
        digest.matches("[0-9a-f]{64}") ? source.find(digest) : Optional.empty();
    if (content.isEmpty()) {
      answer(exchange, 404);
      return;
    }
    long size = content.get().size();
    exchange.sendResponseHeaders(200, size == 0 ? -1 : size);
    try (InputStream in = content.get().open();
        OutputStream out = exchange.getResponseBody()) {
      in.transferTo(out);
    }
  }
}
