package spark.jobserver.link.driver;

import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.io.InputStream;
import java.time.Duration;
import java.util.HashSet;
import java.util.NavigableMap;
import java.util.Optional;
import java.util.Set;
import java.util.TreeMap;
import java.util.concurrent.BlockingQueue;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.LinkedBlockingQueue;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.TimeoutException;
import java.util.concurrent.locks.Condition;
import java.util.concurrent.locks.ReentrantLock;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;
import spark.jobserver.api.Content;
import spark.jobserver.link.Event;
import spark.jobserver.link.Wire;

/**
 * Delivers events until the server has committed them. Several threads do, so that a large result
 * holds up no small one; an event that the server does not take goes to the end of the queue.
 */
final class Delivery {
  private static final Logger LOG = LoggerFactory.getLogger(Delivery.class);
  private static final int IN_MEMORY = 64 * 1024;

  /** So long a small event is given to be committed, which saves writing it to the disk here. */
  private static final Duration HEAD_START = Duration.ofMillis(20);

  /** So long a job that has started is given to end, for its end says that it has started. */
  private static final Duration SHORT_JOB = Duration.ofMillis(2);

  private final LinkClient client;
  private final Outbox outbox;
  private final AcceptedJobs accepted;
  private final BlockingQueue<Letter> queue = new LinkedBlockingQueue<>();

  /** The jobs of which an end was taken, as long as anything of them waits to be delivered. */
  private final Set<String> endedJobs = new HashSet<>(); // guarded by the lock

  private final ReentrantLock lock = new ReentrantLock();
  private final Condition delivered = lock.newCondition();
  private final Condition reachable = lock.newCondition();
  private final Condition ended = lock.newCondition();
  private final NavigableMap<Long, Event> open = new TreeMap<>();

  Delivery(LinkClient client, Outbox outbox, AcceptedJobs accepted) {
    this.client = client;
    this.outbox = outbox;
    this.accepted = accepted;
  }

  /** Takes an event that is lost if this driver dies first. */
  void take(Event event) {
    queue.add(new Letter(open(event), event, Optional.of(Wire.line(event)), 0));
  }

  /**
   * Takes an event for good: when this returns it is on the disk, or the server has committed it. A
   * small one is written only when its first attempt has failed or takes long.
   *
   * @throws IOException when it cannot be written and is too large for memory; it is not taken then
   */
  void keep(Event event, Content attachment) throws IOException {
    long size = attachment.size();
    Optional<byte[]> body =
        size < IN_MEMORY ? Optional.of(body(event, attachment)) : Optional.empty();
    if (event instanceof Event.JobEnded end) {
      noteEnd(end.jobId());
    }
    Letter letter = new Letter(open(event), event, body, size);
    if (body.isPresent()) {
      queue.add(letter);
      if (!letter.isCommittedSoon()) {
        writeDown(letter, attachment);
      }
    } else {
      try {
        letter.keptAs(outbox.add(letter.sequence, event, attachment));
      } catch (IOException e) {
        close(letter);
        throw e;
      }
      queue.add(letter);
    }
  }

  private void writeDown(Letter letter, Content attachment) {
    boolean interrupted = Thread.interrupted(); // which would close the file
    try {
      letter.keptAs(outbox.add(letter.sequence, letter.event, attachment));
    } catch (IOException e) {
      LOG.warn("event {} is only in memory until it is delivered", letter.sequence, e);
    } finally {
      if (interrupted) {
        Thread.currentThread().interrupt();
      }
    }
  }

  private static byte[] body(Event event, Content attachment) throws IOException {
    ByteArrayOutputStream body = new ByteArrayOutputStream();
    body.writeBytes(Wire.line(event));
    try (InputStream in = attachment.open()) {
      in.transferTo(body);
    }
    return body.toByteArray();
  }

  /** Delivers until interrupted. For several threads at once. */
  void deliver() throws InterruptedException {
    while (true) {
      Letter next = queue.take();
      if (isLast(next.event)) {
        awaitTurn(next);
      }
      deliver(next);
    }
  }

  /** After these the server ends the driver, so all that was told before them goes first. */
  private static boolean isLast(Event event) {
    return event instanceof Event.ContextFailed || event instanceof Event.ContextEnded;
  }

  private void deliver(Letter letter) throws InterruptedException {
    if (letter.event instanceof Event.JobStarted start && endsSoon(start.jobId())) {
      close(letter); // its end says it too
      return;
    }
    try {
      client.event(letter.sequence, letter.content(), letter.attachment);
      letter.committed();
      close(letter);
    } catch (ServerGone e) {
      letter.firstAttempt.complete(false);
      close(letter); // stays on the disk; the heartbeat learns it too, and acts on it
    } catch (IOException | RuntimeException e) {
      letter.failures++;
      letter.firstAttempt.complete(false);
      LOG.debug("event {}, attempt {}: {}", letter.sequence, letter.failures, e.toString());
      awaitReachable(Pause.after(letter.failures));
      queue.add(letter);
    }
  }

  private void noteEnd(String jobId) {
    lock.lock();
    try {
      endedJobs.add(jobId);
      ended.signalAll();
    } finally {
      lock.unlock();
    }
  }

  private boolean endsSoon(String jobId) throws InterruptedException {
    long left = SHORT_JOB.toNanos();
    lock.lock();
    try {
      while (!endedJobs.contains(jobId) && left > 0) {
        left = ended.awaitNanos(left);
      }
      return endedJobs.contains(jobId);
    } finally {
      lock.unlock();
    }
  }

  /** The server has been reached: what waits is tried at once. */
  void retry() {
    lock.lock();
    try {
      reachable.signalAll();
    } finally {
      lock.unlock();
    }
  }

  /** Whether nothing waits to be delivered. */
  boolean isEmpty() {
    lock.lock();
    try {
      return open.isEmpty();
    } finally {
      lock.unlock();
    }
  }

  /** Waits until nothing waits to be delivered, or the time is over. */
  boolean flush(long milliseconds) throws InterruptedException {
    long left = TimeUnit.MILLISECONDS.toNanos(milliseconds);
    lock.lock();
    try {
      while (!open.isEmpty() && left > 0) {
        left = delivered.awaitNanos(left);
      }
      return open.isEmpty();
    } finally {
      lock.unlock();
    }
  }

  private long open(Event event) {
    lock.lock();
    try {
      long sequence = outbox.next();
      open.put(sequence, event);
      return sequence;
    } finally {
      lock.unlock();
    }
  }

  private void close(Letter letter) {
    lock.lock();
    try {
      open.remove(letter.sequence);
      jobOf(letter.event).filter(this::isNotOpen).ifPresent(endedJobs::remove);
      delivered.signalAll();
    } finally {
      lock.unlock();
    }
  }

  /** Whether nothing waits to be delivered of this job. */
  private boolean isNotOpen(String jobId) {
    return open.values().stream().noneMatch(event -> jobOf(event).equals(Optional.of(jobId)));
  }

  private static Optional<String> jobOf(Event event) {
    if (event instanceof Event.JobStarted start) {
      return Optional.of(start.jobId());
    }
    return event instanceof Event.JobEnded end ? Optional.of(end.jobId()) : Optional.empty();
  }

  private void awaitTurn(Letter letter) throws InterruptedException {
    lock.lock();
    try {
      while (open.firstKey() < letter.sequence) {
        delivered.await();
      }
    } finally {
      lock.unlock();
    }
  }

  @SuppressWarnings("WaitNotInLoop") // waking too early only means another attempt
  private void awaitReachable(long milliseconds) throws InterruptedException {
    lock.lock();
    try {
      reachable.await(milliseconds, TimeUnit.MILLISECONDS);
    } finally {
      lock.unlock();
    }
  }

  /** An event on its way. */
  private final class Letter {
    private final CompletableFuture<Boolean> firstAttempt = new CompletableFuture<>();
    private final long sequence;
    private final Event event;
    private final Optional<byte[]> body;
    private final long attachment;
    private int failures;
    private Optional<Outbox.Entry> entry = Optional.empty();
    private boolean committed;

    Letter(long sequence, Event event, Optional<byte[]> body, long attachment) {
      this.sequence = sequence;
      this.event = event;
      this.body = body;
      this.attachment = attachment;
    }

    private synchronized Content content() throws IOException {
      return body.isPresent() ? Content.of(body.get()) : Content.of(entry.orElseThrow().file());
    }

    /** Whether it is committed before long; false too when that is not known. */
    private boolean isCommittedSoon() {
      try {
        return firstAttempt.get(HEAD_START.toNanos(), TimeUnit.NANOSECONDS);
      } catch (InterruptedException e) {
        Thread.currentThread().interrupt();
        return false;
      } catch (ExecutionException | TimeoutException e) {
        return false;
      }
    }

    private synchronized void keptAs(Outbox.Entry file) throws IOException {
      entry = Optional.of(file);
      if (committed) {
        file.delivered();
      }
    }

    private synchronized void committed() throws IOException {
      committed = true;
      if (event instanceof Event.JobEnded end) {
        accepted.delivered(end.jobId());
      }
      if (entry.isPresent()) {
        entry.get().delivered();
      }
      firstAttempt.complete(true);
    }
  }
}
