package spark.jobserver.rest;

import jakarta.ws.rs.core.StreamingOutput;
import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.io.InputStream;
import java.io.OutputStream;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.time.ZoneId;
import java.util.Arrays;
import java.util.Optional;
import java.util.concurrent.CancellationException;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.TimeoutException;
import java.util.concurrent.atomic.AtomicBoolean;
import java.util.function.BooleanSupplier;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;
import spark.jobserver.api.Job;
import spark.jobserver.api.JobState;
import spark.jobserver.api.Progress;
import spark.jobserver.api.server.JobserverException;
import spark.jobserver.api.server.Standing;

/**
 * The events of a job in the format of server-sent events (WHATWG HTML, 9.2): {@code state} with
 * the report of the job, {@code progress}, {@code log} with lines that the job has written. An id
 * says how far the client has come, so that it can go on from there. The stream ends when the job
 * does, or when its client is not to hear more.
 */
final class JobEvents implements StreamingOutput, AutoCloseable {
  private static final Logger LOG = LoggerFactory.getLogger(JobEvents.class);

  /** How long something that the job has written waits at the most. */
  private static final long LOOK_MILLIS = 250;

  /** The end of a job is told by the core; should that not happen, it is found in the store. */
  private static final long LOOK_AGAIN_NANOS = TimeUnit.SECONDS.toNanos(5);

  /** How long a client whose credential was taken back is told more. */
  private static final long STANDING_NANOS = TimeUnit.SECONDS.toNanos(5);

  /**
   * Without news, a comment shows the client that the server is there, and finds out who has left.
   */
  private static final long KEEP_ALIVE_NANOS = TimeUnit.SECONDS.toNanos(5);

  /**
   * Shows at once that the stream is there, and says when to come back where it breaks off, in
   * milliseconds.
   */
  private static final byte[] BEGINNING = "retry: 2000\n\n".getBytes(StandardCharsets.UTF_8);

  /** Of the log, at the most so much goes into one event. */
  private static final int LARGEST_LOG_EVENT = 64 * 1024;

  private final String id;
  private final Core core;
  private final Standing standing;
  private final BooleanSupplier stopping;
  private final Runnable whenClosed;
  private final AtomicBoolean closed = new AtomicBoolean();
  private CompletableFuture<?> end = CompletableFuture.completedFuture(null);
  private Optional<Job> known = Optional.empty();
  private Optional<Path> logFile = Optional.empty();
  private long lastLook;
  private EventPlace place;
  private Optional<Progress> progress = Optional.empty();
  private long lastWrite = System.nanoTime();
  private long lastAsked = System.nanoTime();

  /**
   * Events of a job.
   *
   * @param place how far the client has come
   * @param standing whether the client may still see them
   * @param stopping whether the server is being stopped
   * @param whenClosed run once, at the end
   */
  JobEvents(
      String id,
      EventPlace place,
      Core core,
      Standing standing,
      BooleanSupplier stopping,
      Runnable whenClosed) {
    this.id = id;
    this.place = place;
    this.core = core;
    this.standing = standing;
    this.stopping = stopping;
    this.whenClosed = whenClosed;
  }

  @Override
  public void write(OutputStream out) throws IOException {
    try {
      OutputStream client = new ClientStream(out);
      send(client, BEGINNING);
      end = end();
      boolean more = tell(client);
      while (more && !stopping.getAsBoolean() && waited() && stands()) {
        more = tell(client);
      }
    } catch (ClientStream.Gone e) {
      LOG.debug("the client of the events of job {} is gone", id, e);
    } catch (JobserverException e) {
      LOG.info("the events of job {} end here; its clients may ask again: {}", id, e.getMessage());
    }
  }

  /** Gives back what the stream holds, also where it was never written. */
  @Override
  public void close() {
    if (closed.compareAndSet(false, true)) {
      whenClosed.run();
    }
  }

  /** The end of the job, asked for once: each asking leaves something behind until the end. */
  private CompletableFuture<?> end() {
    return core.jobs()
        .end(id)
        .<CompletableFuture<?>>map(stage -> stage.toCompletableFuture())
        .orElseGet(() -> CompletableFuture.completedFuture(null));
  }

  /** Waits until the job has ended, or for a moment; says whether to go on. */
  private boolean waited() {
    try {
      if (end.isDone()) { // as where the end is not known, or did not reach the store
        TimeUnit.MILLISECONDS.sleep(LOOK_MILLIS);
      } else {
        end.get(LOOK_MILLIS, TimeUnit.MILLISECONDS);
      }
    } catch (TimeoutException | ExecutionException | CancellationException e) {
      LOG.trace("the job {} goes on", id, e);
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
      return false;
    }
    return true;
  }

  /** Whether the client may be told more, looked at now and then. */
  private boolean stands() {
    long now = System.nanoTime();
    if (now - lastAsked <= STANDING_NANOS) {
      return true;
    }
    lastAsked = now;
    return standing.holds();
  }

  /** Tells what is new, the end last; says whether there may be more. */
  private boolean tell(OutputStream out) throws IOException {
    Optional<Job> found = job();
    if (found.isEmpty()) {
      return false; // removed as too old
    }
    Job job = found.get();
    JobState state = JobReport.shown(job);
    if (place.state().isEmpty() && !state.isFinal()) {
      tellState(out, job);
    }
    tellProgress(out);
    tellLog(out, state.isFinal());
    if (state.isFinal()) {
      tellState(out, job);
      return false;
    }
    if (System.nanoTime() - lastWrite > KEEP_ALIVE_NANOS) {
      send(out, ":\n\n".getBytes(StandardCharsets.UTF_8));
    }
    return true;
  }

  /** The job, from the store when it may have changed there. */
  private Optional<Job> job() {
    long now = System.nanoTime();
    if (known.isEmpty() || end.isDone() || now - lastLook > LOOK_AGAIN_NANOS) {
      known = core.jobs().find(id);
      lastLook = now;
    }
    return known;
  }

  private void tellState(OutputStream out, Job job) throws IOException {
    place = place.told(JobReport.shown(job));
    event(out, "state", Json.bytes(JobReport.of(job, ZoneId.systemDefault())));
  }

  private void tellProgress(OutputStream out) throws IOException {
    Optional<Progress> now = core.jobs().progress(id);
    if (now.isPresent() && !now.equals(progress)) {
      progress = now;
      event(out, "progress", Json.bytes(ProgressReport.of(now.get())));
    }
  }

  /**
   * Tells what was written since.
   *
   * @param all whether a last line without an end counts too
   */
  private void tellLog(OutputStream out, boolean all) throws IOException {
    if (logFile.isEmpty()) {
      logFile = core.jobs().log(id);
    }
    JobLog log = JobLog.of(logFile);
    while (log.size() > place.offset()) {
      byte[] text;
      try (InputStream in = log.bytes(place.offset())) {
        text = in.readNBytes(LARGEST_LOG_EVENT);
      }
      int length = LogLines.whole(text);
      if (length == 0 && text.length == LARGEST_LOG_EVENT) {
        length = LogLines.wholeCharacters(text);
      } else if (length == 0 && all) {
        length = text.length;
      }
      if (length == 0) {
        return; // a line that is not finished; or the log was taken away
      }
      place = place.read(place.offset() + length);
      int told = LogLines.withoutZeros(text, 0, length);
      if (told > 0) {
        event(out, "log", Arrays.copyOf(text, told));
      }
    }
  }

  /** An event; its data may have several lines. */
  private void event(OutputStream out, String name, byte[] data) throws IOException {
    ByteArrayOutputStream event = new ByteArrayOutputStream();
    event.writeBytes(
        ("event: " + name + "\nid: " + place.id() + "\n").getBytes(StandardCharsets.UTF_8));
    for (String line : LogLines.of(new String(data, StandardCharsets.UTF_8))) {
      event.writeBytes(("data: " + line + "\n").getBytes(StandardCharsets.UTF_8));
    }
    event.write('\n');
    send(out, event.toByteArray());
  }

  private void send(OutputStream out, byte[] bytes) throws IOException {
    out.write(bytes);
    out.flush();
    lastWrite = System.nanoTime();
  }
}
