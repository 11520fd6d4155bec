package spark.jobserver.link;

import java.io.IOException;
import java.io.InputStream;
import java.util.Map;
import java.util.Optional;
import java.util.concurrent.BlockingQueue;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.LinkedBlockingQueue;
import java.util.concurrent.TimeUnit;
import spark.jobserver.api.Content;
import spark.jobserver.link.server.CommandLog;
import spark.jobserver.link.server.DriverDesk;
import spark.jobserver.link.server.DriverId;

/** A core that notes what it is told, and believes the drivers that have the token. */
public final class NotingDesk implements DriverDesk {
  public static final String TOKEN = "a token";

  public final BlockingQueue<Told> events = new LinkedBlockingQueue<>();
  public final BlockingQueue<Hello> hellos = new LinkedBlockingQueue<>();
  public final BlockingQueue<DriverId> disconnections = new LinkedBlockingQueue<>();
  public final BlockingQueue<Heartbeat> heartbeats = new LinkedBlockingQueue<>();
  public final Map<String, byte[]> bundles = new ConcurrentHashMap<>();
  public final Map<String, byte[]> binaries = new ConcurrentHashMap<>();
  public final CommandLog log;
  private final Map<DriverId, String> keys;
  public final BlockingQueue<Event> refused = new LinkedBlockingQueue<>();

  /** All tokens and keys that were shown. */
  public final BlockingQueue<String> shown = new LinkedBlockingQueue<>();

  private volatile Optional<Class<? extends Event>> refusing = Optional.empty();
  private volatile boolean failing;
  private volatile boolean over;

  public NotingDesk() {
    this(new CommandLog(), new ConcurrentHashMap<>());
  }

  private NotingDesk(CommandLog log, Map<DriverId, String> keys) {
    this.log = log;
    this.keys = keys;
  }

  /** The desk of the same server after a restart: it knows the drivers, but has a new log. */
  public NotingDesk restarted() {
    return new NotingDesk(new CommandLog(), keys);
  }

  /** What a driver told. */
  public record Told(DriverId driver, Event event, Content attachment) {
    /** What followed the message. */
    public byte[] bytes() throws IOException {
      try (InputStream in = attachment.open()) {
        return in.readAllBytes();
      }
    }
  }

  /** Knows a driver as if it had enrolled with this key. */
  public void know(DriverId driver, String key) {
    keys.put(driver, key);
  }

  /** Knows no driver any more. */
  public void forget() {
    keys.clear();
  }

  /** From now on the store of this server is out of order, or in order again. */
  public void failing(boolean now) {
    failing = now;
  }

  /** From now on events of this kind fail, and are noted as refused. */
  public void refusing(Class<? extends Event> kind) {
    refusing = Optional.of(kind);
  }

  /** From now on no driver is wanted. */
  public void over() {
    over = true;
  }

  /** The next of what was noted. */
  public static <T> T next(BlockingQueue<T> noted) throws InterruptedException {
    T next = noted.poll(10, TimeUnit.SECONDS);
    if (next == null) {
      throw new AssertionError("nothing came in 10 s");
    }
    return next;
  }

  private void check() {
    if (failing) {
      throw new IllegalStateException("out of order, as the test wants it");
    }
  }

  @Override
  public Admission enrol(Enrolment enrolment) {
    shown.add(enrolment.token());
    check();
    if (!enrolment.token().equals(TOKEN)) {
      return Admission.REFUSED;
    }
    DriverId driver = new DriverId(enrolment.contextId(), enrolment.epoch());
    String key = keys.putIfAbsent(driver, enrolment.key());
    return key == null || key.equals(enrolment.key()) ? Admission.ADMITTED : Admission.REFUSED;
  }

  @Override
  public Admission admit(DriverId driver, String key) {
    shown.add(key);
    if (!key.equals(keys.get(driver))) {
      return Admission.REFUSED;
    }
    return over ? Admission.GONE : Admission.ADMITTED;
  }

  @Override
  public CommandLog connected(DriverId driver, Hello hello) {
    check();
    hellos.add(hello);
    return log;
  }

  @Override
  public void disconnected(DriverId driver) {
    disconnections.add(driver);
  }

  @Override
  public void alive(DriverId driver, Heartbeat beat) {
    log.received(beat.session(), beat.received());
    heartbeats.add(beat);
  }

  @Override
  public void event(DriverId driver, Event event, Content attachment) throws IOException {
    check();
    if (refusing.filter(kind -> kind.isInstance(event)).isPresent()) {
      refused.add(event);
      throw new IllegalStateException("refused, as the test wants it");
    }
    try (InputStream in = attachment.open()) {
      events.add(new Told(driver, event, Content.of(in.readAllBytes())));
    }
  }

  @Override
  public Optional<Content> bundle(String digest) {
    return Optional.ofNullable(bundles.get(digest)).map(Content::of);
  }

  @Override
  public Optional<Content> binary(String digest) {
    return Optional.ofNullable(binaries.get(digest)).map(Content::of);
  }
}
