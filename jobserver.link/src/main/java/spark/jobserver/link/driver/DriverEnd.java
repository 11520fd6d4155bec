package spark.jobserver.link.driver;

import static java.util.Objects.requireNonNull;

import com.fasterxml.jackson.databind.exc.InvalidTypeIdException;
import java.io.BufferedInputStream;
import java.io.IOException;
import java.io.InputStream;
import java.io.UncheckedIOException;
import java.nio.file.Files;
import java.nio.file.NoSuchFileException;
import java.nio.file.Path;
import java.security.cert.CertificateException;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicBoolean;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;
import spark.jobserver.api.Content;
import spark.jobserver.link.Command;
import spark.jobserver.link.EnrolmentFile;
import spark.jobserver.link.Event;
import spark.jobserver.link.Wire;

/**
 * The driver's end of the link: dials the server, reads its commands, delivers events until they
 * are committed, and sends signs of life. Commands, events, heartbeats and the progress of jobs
 * have threads and connections of their own and do not wait for each other.
 */
public final class DriverEnd implements AutoCloseable {
  private static final Logger LOG = LoggerFactory.getLogger(DriverEnd.class);
  private static final String READER = "link-commands";
  private static final int SENDERS = 4;
  private static final Duration LONGEST_SILENCE = Duration.ofSeconds(10);
  private static final long FETCH_PATIENCE = TimeUnit.MINUTES.toNanos(10);

  /** So often in a row a driver that has not enrolled finds another server than its own. */
  private static final int MOST_STRANGERS = 12;

  private final EnrolmentFile enrolment;
  private final Path folder;
  private final LinkClient client;
  private final Delivery delivery;
  private final ProgressNews progress;
  private final CommandHandler handler;
  private final Duration longestSilence;

  /** Guarded by itself. */
  private final List<Thread> threads = new ArrayList<>();

  private final CountDownLatch enrolled = new CountDownLatch(1);
  private final AtomicBoolean abandoned = new AtomicBoolean();
  private volatile Position position = new Position("", 0);
  private volatile long lastContact = System.nanoTime();
  private volatile boolean closed;

  private record Position(String session, long received) {}

  /**
   * @param enrolment from the file that the driver was started with
   * @param folder the context's folder
   * @param accepted told when the end of a job is committed
   */
  public DriverEnd(
      EnrolmentFile enrolment, Path folder, AcceptedJobs accepted, CommandHandler handler)
      throws IOException {
    this(enrolment, folder, accepted, handler, LONGEST_SILENCE);
  }

  /**
   * @param longestSilence of the command stream, after which its connection is taken for dead; the
   *     server breaks the silence every two seconds
   */
  DriverEnd(
      EnrolmentFile enrolment,
      Path folder,
      AcceptedJobs accepted,
      CommandHandler handler,
      Duration longestSilence)
      throws IOException {
    this.enrolment = requireNonNull(enrolment, "enrolment");
    this.folder = folder;
    this.handler = requireNonNull(handler, "handler");
    this.longestSilence = longestSilence;
    this.client = new LinkClient(enrolment);
    this.delivery = new Delivery(client, new Outbox(folder), requireNonNull(accepted, "accepted"));
    this.progress = new ProgressNews(client);
  }

  /**
   * Begins to dial.
   *
   * @param spark the version of Spark here
   */
  public void start(String spark) {
    // A driver that is refused may be closed by the first thread before the last has begun.
    synchronized (threads) {
      thread(READER, () -> dial(spark));
      thread("link-heartbeat", this::beat);
      thread("link-watch", this::breakOffLate);
      thread("link-progress", this::tellProgress);
      for (int i = 1; i <= SENDERS; i++) {
        thread("link-events-" + i, this::deliver);
      }
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
    threads.add(thread);
    thread.start();
  }

  /**
   * Tells the server something that is lost if this driver dies first, and progress also when the
   * server is out of reach. An answer is not told but {@linkplain #answer given}.
   */
  public void tell(Event event) {
    checkNoAnswer(event);
    if (event instanceof Event.JobProgress news) {
      progress.take(news);
    } else {
      delivery.take(event);
    }
  }

  /**
   * Tells the server something for good, which progress is not worth: when this returns it is on
   * the disk, or committed. After the end of a job no progress of it is to be told.
   *
   * @throws UncheckedIOException when a large one cannot be written; the server is not told then
   */
  public void tell(Event event, Content attachment) {
    checkNoAnswer(event);
    if (event instanceof Event.JobProgress) {
      throw new IllegalArgumentException("progress is not kept");
    }
    if (event instanceof Event.JobEnded end) {
      progress.forget(end.jobId());
    }
    try {
      delivery.keep(event, attachment);
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
  }

  private static void checkNoAnswer(Event event) {
    if (event instanceof Event.NamedObjectsListed) {
      throw new IllegalArgumentException("an answer is sent once, not told until it is taken");
    }
  }

  /**
   * Answers what the server has asked: once, on the calling thread, which that may hold up for ten
   * seconds. An answer that the server does not take is lost.
   */
  public void answer(Event.NamedObjectsListed answer) {
    try {
      if (!client.mention(answer)) {
        LOG.info("the server takes no answer to a question of an earlier one");
      }
    } catch (ServerGone | IOException | RuntimeException e) {
      LOG.warn("an answer to the server is lost: {}", e.toString());
    }
  }

  /**
   * Fetches a bundle, waiting for a server that is out of reach.
   *
   * @param file where to put it; it is there whole or not at all
   * @throws IOException when the server does not have it or cannot be reached for long
   */
  public void fetchBundle(String digest, Path file) throws IOException {
    fetch("bundles/", digest, file);
  }

  /**
   * Fetches the bytes of a binary, waiting for a server that is out of reach.
   *
   * @param file where to put them; they are there whole or not at all
   * @throws IOException when the server does not have it or cannot be reached for long
   */
  public void fetchBinary(String digest, Path file) throws IOException {
    fetch("binaries/", digest, file);
  }

  private void fetch(String route, String digest, Path file) throws IOException {
    long end = System.nanoTime() + FETCH_PATIENCE;
    try {
      for (int failures = 1; ; failures++) {
        try {
          client.fetch(route, digest, file);
          return;
        } catch (NoSuchFileException e) {
          throw e;
        } catch (IOException e) {
          if (closed || System.nanoTime() - end > 0) {
            throw e;
          }
          LOG.debug("{}{}: {}", route, digest, e.toString());
        }
        TimeUnit.MILLISECONDS.sleep(Pause.after(failures));
      }
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
      throw new IOException("interrupted", e);
    } catch (ServerGone e) {
      throw new IOException(e.getMessage(), e);
    }
  }

  /** Waits until everything that was told is committed, or the time is over. */
  public boolean flush(long milliseconds) throws InterruptedException {
    return delivery.flush(milliseconds);
  }

  private void dial(String spark) throws InterruptedException {
    int strangers = 0;
    for (int failures = 0; !closed; ) {
      try {
        client.locate(failures);
        if (enrolled.getCount() > 0) {
          client.enrol(spark);
          enrolled.countDown();
          LOG.info("enrolled as the driver of context {}", enrolment.contextId());
        }
        Position from = position;
        try (InputStream in =
            client.commands(handler.hello(from.session(), from.received()), longestSilence)) {
          failures = 0;
          delivery.retry();
          progress.tellAll();
          read(new BufferedInputStream(in));
        }
      } catch (ServerGone e) {
        abandon(e.getMessage());
        return;
      } catch (IOException | RuntimeException e) {
        Optional<String> stranger = stranger(e);
        strangers = stranger.isPresent() ? strangers + 1 : 0;
        if (!closed) {
          LOG.info("link: {}; dialling again", stranger.orElse(e.toString()));
        }
        if (strangers >= MOST_STRANGERS && enrolled.getCount() > 0) {
          giveUp(stranger.orElseThrow());
          return;
        }
      }
      if (checkAbandoned()) {
        return;
      }
      failures++;
      TimeUnit.MILLISECONDS.sleep(Pause.after(failures));
    }
  }

  /** In words, when this is about a server that shows a certificate which is not to be trusted. */
  private Optional<String> stranger(Exception thrown) {
    for (Throwable why = thrown; why != null; why = why.getCause()) {
      if (why instanceof CertificateException) {
        return Optional.of(
            "the server at %s cannot be verified: %s".formatted(client.url(), why.getMessage()));
      }
    }
    return Optional.empty();
  }

  /**
   * Ends this driver, which has nothing to lose before it has enrolled, while somebody waits to
   * hear what is wrong. One that has enrolled may find its own server again.
   */
  private void giveUp(String why) {
    try {
      Files.writeString(folder.resolve(EnrolmentFile.LAST_WORDS), why);
    } catch (IOException e) {
      LOG.warn("link: the server is not told why this driver ends", e);
    }
    abandon(why);
  }

  private void read(InputStream in) throws IOException {
    while (!closed) {
      in.mark(1);
      int first = in.read(); // for seconds: the server breaks the silence
      if (first < 0) {
        throw new IOException("the command stream has ended");
      }
      lastContact = System.nanoTime();
      if (first == '\n') {
        continue;
      }
      in.reset();
      command(in).filter(this::isNew).ifPresent(this::carryOut);
    }
  }

  private boolean isNew(Command.Numbered next) {
    Position done = position;
    return !done.session().equals(next.session()) || next.number() > done.received();
  }

  /** A server that was updated may ask for what this driver has not learned. */
  private static Optional<Command.Numbered> command(InputStream in) throws IOException {
    try {
      return Optional.of(Wire.readLine(in, Command.Numbered.class));
    } catch (InvalidTypeIdException e) {
      LOG.error("a command is left alone, for its kind is unknown here: {}", e.getTypeId());
      return Optional.empty();
    }
  }

  private synchronized void carryOut(Command.Numbered next) {
    if (closed) {
      return;
    }
    try {
      handler.command(next.command());
    } catch (RuntimeException e) {
      // Asking for it again would fail again, and hold up all that comes after it.
      LOG.error("command {} cannot be carried out", next.number(), e);
    }
    position = new Position(next.session(), next.number());
  }

  private boolean checkAbandoned() {
    long silent = TimeUnit.NANOSECONDS.toMillis(System.nanoTime() - lastContact);
    if (silent > enrolment.abandonedAfter() && !handler.busy() && delivery.isEmpty()) {
      abandon("no server was heard of for " + silent / 1000 + " s");
      return true;
    }
    return false;
  }

  private void abandon(String why) {
    if (abandoned.compareAndSet(false, true)) {
      handler.abandoned(why);
    }
  }

  private void beat() throws InterruptedException {
    enrolled.await();
    while (!closed) {
      Position at = position;
      try {
        client.heartbeat(handler.heartbeat(at.session(), at.received()));
        lastContact = System.nanoTime();
      } catch (ServerGone e) {
        abandon(e.getMessage());
        return;
      } catch (IOException | RuntimeException e) {
        LOG.debug("heartbeat: {}", e.toString());
      }
      TimeUnit.MILLISECONDS.sleep(enrolment.heartbeat());
    }
  }

  private void breakOffLate() throws InterruptedException {
    while (!closed) {
      client.breakOffLate();
      TimeUnit.MILLISECONDS.sleep(longestSilence.toMillis() / 4);
    }
  }

  private void deliver() throws InterruptedException {
    enrolled.await();
    delivery.deliver();
  }

  private void tellProgress() throws InterruptedException {
    enrolled.await();
    progress.deliver();
  }

  /**
   * Stops all threads; what is not delivered and was told for good stays on the disk. No command is
   * carried out any more, though the thread that reads them ends only when it next hears of the
   * server, or has not for long.
   */
  @Override
  public void close() {
    synchronized (this) {
      closed = true; // not while a command is being carried out
    }
    List<Thread> started;
    synchronized (threads) {
      started = List.copyOf(threads);
    }
    started.forEach(Thread::interrupt);
    client.close();
    boolean interrupted = false;
    for (Thread thread : started) {
      try {
        if (thread != Thread.currentThread() && !thread.getName().equals(READER)) {
          thread.join(TimeUnit.SECONDS.toMillis(2));
        }
      } catch (InterruptedException e) {
        interrupted = true;
      }
    }
    if (interrupted) {
      Thread.currentThread().interrupt();
    }
  }
}
