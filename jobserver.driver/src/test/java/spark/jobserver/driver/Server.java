package spark.jobserver.driver;

import java.io.IOException;
import java.io.InputStream;
import java.net.InetAddress;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.security.MessageDigest;
import java.security.NoSuchAlgorithmException;
import java.util.HexFormat;
import java.util.Map;
import java.util.Optional;
import java.util.concurrent.BlockingQueue;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.LinkedBlockingQueue;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicInteger;
import spark.jobserver.api.Content;
import spark.jobserver.link.Command;
import spark.jobserver.link.Enrolment;
import spark.jobserver.link.EnrolmentFile;
import spark.jobserver.link.Event;
import spark.jobserver.link.Heartbeat;
import spark.jobserver.link.Hello;
import spark.jobserver.link.Wire;
import spark.jobserver.link.server.CommandLog;
import spark.jobserver.link.server.DriverDesk;
import spark.jobserver.link.server.DriverId;
import spark.jobserver.link.server.LinkServer;

/** A server that has the real end of the link, and a core that notes what it is told. */
public final class Server implements DriverDesk, AutoCloseable {
  public static final String CONTEXT = "6f2b6a0e-5d1c-4a55-8c0e-0d1f0a7f7c11";

  public final BlockingQueue<Told> told = new LinkedBlockingQueue<>();
  public final BlockingQueue<Heartbeat> heartbeats = new LinkedBlockingQueue<>();
  public final BlockingQueue<Hello> hellos = new LinkedBlockingQueue<>();
  public final AtomicInteger binaryRequests = new AtomicInteger();
  private final Map<String, byte[]> bytes = new ConcurrentHashMap<>();
  private final String token = Wire.newSecret();
  private final LinkServer link;
  private volatile CommandLog log = new CommandLog();
  private volatile CountDownLatch binariesAllowed = new CountDownLatch(0);
  private volatile boolean over;

  /** What the driver told. */
  public record Told(Event event, String attachment) {}

  public Server(Path spool) throws IOException {
    link = new LinkServer(InetAddress.getLoopbackAddress(), 0, spool, this);
  }

  /** The file for the driver. */
  public EnrolmentFile enrolment() {
    return new EnrolmentFile(CONTEXT, 1, token, link.url(), "", 1_800_000, 100);
  }

  /** Tells the driver to do something. */
  public void command(Command command) {
    log.append(command);
  }

  /** Serves bytes as bundle and binary. Returns their digest. */
  public String serve(byte[] content) throws NoSuchAlgorithmException {
    String digest = HexFormat.of().formatHex(MessageDigest.getInstance("SHA-256").digest(content));
    bytes.put(digest, content);
    return digest;
  }

  /** Answers no request for a binary until the latch is open. */
  public void holdBinaries(CountDownLatch until) {
    binariesAllowed = until;
  }

  /** From now on the driver is not wanted. */
  public void over() {
    over = true;
  }

  /** The next of what was noted. */
  public static <T> T next(BlockingQueue<T> noted) throws InterruptedException {
    T next = noted.poll(20, TimeUnit.SECONDS);
    if (next == null) {
      throw new AssertionError("nothing came in 20 s");
    }
    return next;
  }

  /** The next event. */
  public Event event() throws InterruptedException {
    return next(told).event();
  }

  @Override
  public Admission enrol(Enrolment enrolment) {
    return enrolment.token().equals(token) ? Admission.ADMITTED : Admission.REFUSED;
  }

  @Override
  public Admission admit(DriverId driver, String key) {
    return over ? Admission.GONE : Admission.ADMITTED;
  }

  @Override
  public CommandLog connected(DriverId driver, Hello hello) {
    hellos.add(hello);
    return log;
  }

  /** What a restart of this server means for the driver: its connection breaks, numbers are new. */
  public void restart() {
    log.takeOver();
    log = new CommandLog();
  }

  @Override
  public void disconnected(DriverId driver) {}

  @Override
  public void alive(DriverId driver, Heartbeat beat) {
    log.received(beat.session(), beat.received());
    heartbeats.add(beat);
  }

  @Override
  public void event(DriverId driver, Event event, Content attachment) throws IOException {
    try (InputStream in = attachment.open()) {
      told.add(new Told(untimed(event), new String(in.readAllBytes(), StandardCharsets.UTF_8)));
    }
  }

  /** How long a job took is another each time. */
  private static Event untimed(Event event) {
    return event instanceof Event.JobEnded end
        ? new Event.JobEnded(end.jobId(), end.ending(), end.failure())
        : event;
  }

  @Override
  public Optional<Content> bundle(String digest) {
    return Optional.ofNullable(bytes.get(digest)).map(Content::of);
  }

  @Override
  public Optional<Content> binary(String digest) {
    binaryRequests.incrementAndGet();
    try {
      if (!binariesAllowed.await(20, TimeUnit.SECONDS)) {
        throw new IllegalStateException("the test did not allow it");
      }
    } catch (InterruptedException e) {
      throw new IllegalStateException(e);
    }
    return bundle(digest);
  }

  @Override
  public void close() {
    link.close();
  }
}
