package spark.jobserver.link.driver;

import static java.util.Objects.requireNonNull;

import java.io.BufferedInputStream;
import java.io.IOException;
import java.io.InputStream;
import java.io.UncheckedIOException;
import java.net.http.HttpRequest.BodyPublisher;
import java.net.http.HttpRequest.BodyPublishers;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Set;
import java.util.concurrent.BlockingQueue;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.LinkedBlockingQueue;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicInteger;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;
import spark.jobserver.api.Content;
import spark.jobserver.link.Command;
import spark.jobserver.link.EnrolmentFile;
import spark.jobserver.link.Event;
import spark.jobserver.link.Heartbeat;
import spark.jobserver.link.Wire;

/**
 * The driver's end of the link: dials the server, reads its commands, delivers events until they
 * are committed, and sends signs of life. Commands, events and heartbeats have threads and
 * connections of their own and do not wait for each other.
 */
public final class DriverEnd implements AutoCloseable {
  private static final Logger LOG = LoggerFactory.getLogger(DriverEnd.class);
  private static final int SENDERS = 4;
  private static final long FIRST_PAUSE = 50;
  private static final long LONGEST_PAUSE = 1000;

  private final EnrolmentFile enrolment;
  private final LinkClient client;
  private final Outbox outbox;
  private final AcceptedJobs accepted;
  private final CommandHandler handler;
  private final BlockingQueue<Sendable> queue = new LinkedBlockingQueue<>();
  private final Set<String> endedJobs = ConcurrentHashMap.newKeySet();
  private final List<Thread> threads = new ArrayList<>();
  private final AtomicInteger pending = new AtomicInteger();
  private final CountDownLatch enrolled = new CountDownLatch(1);
  private volatile Position position = new Position("", 0);
  private volatile long lastContact = System.nanoTime();
  private volatile boolean closed;

  private record Position(String session, long received) {}

  /** An event on its way; a transient one has no file. */
  private record Sendable(long sequence, Event event, Outbox.Entry entry) {}

  /**
   * @param enrolment from the file that the driver was started with
   * @param folder the context's folder
   * @param accepted told when the end of a job is committed
   */
  public DriverEnd(
      EnrolmentFile enrolment, Path folder, AcceptedJobs accepted, CommandHandler handler)
      throws IOException {
    this.enrolment = requireNonNull(enrolment, "enrolment");
    this.client = new LinkClient(enrolment);
    this.outbox = new Outbox(folder);
    this.accepted = accepted;
    this.handler = handler;
  }

  /**
   * Begins to dial.
   *
   * @param spark the version of Spark here
   */
  public void start(String spark) {
    thread("link-commands", () -> dial(spark));
    thread("link-heartbeat", this::beat);
    for (int i = 0; i < SENDERS; i++) {
      thread("link-events-" + i, this::deliver);
    }
  }

  private interface Work {
    void run() throws InterruptedException;
  }

  private void thread(String name, Work work) {
    Thread thread =
        new Thread(
            () -> {
              try {
                work.run();
              } catch (InterruptedException e) {
                Thread.currentThread().interrupt();
              }
            },
            name);
    thread.setDaemon(true);
    thread.start();
    threads.add(thread);
  }

  /** Tells the server something that is lost if this driver dies first. */
  public void tell(Event event) {
    pending.incrementAndGet();
    queue.add(new Sendable(outbox.next(), event, null));
  }

  /**
   * Tells the server something for good: it is on the disk when this returns.
   *
   * @throws UncheckedIOException when it cannot be written
   */
  public void tell(Event event, Content attachment) {
    try {
      if (event instanceof Event.JobEnded end) {
        endedJobs.add(end.jobId());
      }
      Outbox.Entry entry = outbox.add(event, attachment);
      pending.incrementAndGet();
      queue.add(new Sendable(entry.sequence(), event, entry));
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
  }

  /**
   * Fetches a bundle.
   *
   * @throws IOException when the server does not have it or cannot be reached
   */
  public void fetchBundle(String digest, Path file) throws IOException {
    fetch("bundles/", digest, file);
  }

  /**
   * Fetches the bytes of a binary.
   *
   * @throws IOException when the server does not have it or cannot be reached
   */
  public void fetchBinary(String digest, Path file) throws IOException {
    fetch("binaries/", digest, file);
  }

  private void fetch(String route, String digest, Path file) throws IOException {
    try {
      client.fetch(route, digest, file);
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
      throw new IOException("interrupted", e);
    } catch (ServerGone e) {
      throw new IOException(e);
    }
  }

  /** Waits until everything that was told for good is committed, or the time is over. */
  public boolean flush(long milliseconds) throws InterruptedException {
    long end = System.nanoTime() + TimeUnit.MILLISECONDS.toNanos(milliseconds);
    while (System.nanoTime() < end) {
      if (outboxIsEmpty()) {
        return true;
      }
      Thread.sleep(10);
    }
    return outboxIsEmpty();
  }

  private void dial(String spark) throws InterruptedException {
    long pause = FIRST_PAUSE;
    while (!closed) {
      try {
        client.locate();
        if (enrolled.getCount() > 0) {
          client.enrol(spark);
          enrolled.countDown();
          LOG.info("enrolled as the driver of context {}", enrolment.contextId());
        }
        Position from = position;
        try (InputStream in =
            new BufferedInputStream(
                client.commands(handler.hello(from.session(), from.received())))) {
          pause = FIRST_PAUSE;
          read(in);
        }
      } catch (ServerGone e) {
        handler.abandoned(e.getMessage());
        return;
      } catch (IOException e) {
        if (!closed) {
          LOG.info("link: {}; dialling again", e.toString());
        }
      }
      if (checkAbandoned()) {
        return;
      }
      TimeUnit.MILLISECONDS.sleep(pause);
      pause = Math.min(pause * 2, LONGEST_PAUSE);
    }
  }

  private void read(InputStream in) throws IOException {
    while (!closed) {
      in.mark(1);
      int first = in.read();
      if (first < 0) {
        throw new IOException("the command stream has ended");
      }
      lastContact = System.nanoTime();
      if (first == '\n') {
        continue;
      }
      in.reset();
      Command.Numbered next = Wire.readLine(in, Command.Numbered.class);
      Position done = position;
      if (!done.session().equals(next.session()) || next.number() > done.received()) {
        handler.command(next.command());
        position = new Position(next.session(), next.number());
      }
    }
  }

  private boolean checkAbandoned() {
    long silent = TimeUnit.NANOSECONDS.toMillis(System.nanoTime() - lastContact);
    if (silent > enrolment.abandonedAfter() && !handler.busy() && outboxIsEmpty()) {
      handler.abandoned("no server was heard of for " + silent / 1000 + " s");
      return true;
    }
    return false;
  }

  private boolean outboxIsEmpty() {
    return pending.get() == 0;
  }

  private void beat() throws InterruptedException {
    enrolled.await();
    while (!closed) {
      Position at = position;
      try {
        client.heartbeat(new Heartbeat(at.session(), at.received()));
        lastContact = System.nanoTime();
      } catch (ServerGone e) {
        handler.abandoned(e.getMessage());
        return;
      } catch (IOException e) {
        LOG.debug("heartbeat: {}", e.toString());
      }
      TimeUnit.MILLISECONDS.sleep(enrolment.heartbeat());
    }
  }

  private void deliver() throws InterruptedException {
    enrolled.await();
    while (!closed) {
      Sendable next = queue.take();
      deliver(next);
      pending.decrementAndGet();
    }
  }

  private void deliver(Sendable next) throws InterruptedException {
    for (long pause = FIRST_PAUSE; !closed; pause = Math.min(pause * 2, LONGEST_PAUSE)) {
      if (next.event() instanceof Event.JobStarted started && endedJobs.contains(started.jobId())) {
        return; // its end says it too
      }
      try {
        client.event(next.sequence(), body(next), length(next));
        delivered(next);
        return;
      } catch (ServerGone e) {
        return; // the heartbeat learns it too, and acts on it
      } catch (IOException e) {
        LOG.debug("event {}: {}", next.sequence(), e.toString());
      }
      TimeUnit.MILLISECONDS.sleep(pause);
    }
  }

  private void delivered(Sendable next) throws IOException {
    if (next.entry() != null) {
      next.entry().delivered();
    }
    if (next.event() instanceof Event.JobEnded end) {
      accepted.delivered(end.jobId());
      endedJobs.remove(end.jobId());
    }
  }

  private static BodyPublisher body(Sendable next) throws IOException {
    return next.entry() == null
        ? BodyPublishers.ofByteArray(Wire.line(next.event()))
        : small(next.entry())
            ? BodyPublishers.ofByteArray(Files.readAllBytes(next.entry().file()))
            : BodyPublishers.ofFile(next.entry().file());
  }

  private static boolean small(Outbox.Entry entry) {
    return entry.length() < 64 * 1024;
  }

  private static long length(Sendable next) {
    return next.entry() == null ? 0 : next.entry().length();
  }

  /** Stops all threads at once; what is not delivered stays on the disk. */
  @Override
  public void close() {
    closed = true;
    threads.forEach(Thread::interrupt);
  }
}
