package spark.jobserver.python.worker;

import java.time.Duration;
import java.util.Optional;
import java.util.concurrent.ScheduledExecutorService;
import java.util.concurrent.TimeUnit;
import java.util.function.Consumer;
import spark.jobserver.api.Progress;

/**
 * Reports how far one job is, at most twice a second: what happens within half a second after the
 * first news is one report, at the end of it. So jobs that are quick cost none but the last.
 */
final class ProgressWatch implements AutoCloseable {
  static final Duration PERIOD = Duration.ofMillis(500);

  private final Consumer<Progress> listener;
  private final ScheduledExecutorService reporter;
  private final Runnable whenClosed;

  /** Guards itself and {@link #due}: Spark's listener thread does not wait for reports. */
  private final Tally tally = new Tally();

  private boolean due;

  // Set under the lock of this:
  private Optional<Progress> last = Optional.empty();
  private volatile boolean closed;

  /**
   * @param listener is told of progress
   * @param reporter the thread that tells it
   * @param whenClosed called at the end, once or more
   */
  ProgressWatch(
      Consumer<Progress> listener, ScheduledExecutorService reporter, Runnable whenClosed) {
    this.listener = listener;
    this.reporter = reporter;
    this.whenClosed = whenClosed;
  }

  /** Counts what Spark tells. Cheap, for it happens with every task. */
  void note(Consumer<Tally> news) {
    boolean first;
    synchronized (tally) {
      news.accept(tally);
      first = !due;
      due = true;
    }
    if (first) {
      reporter.schedule(this::report, PERIOD.toMillis(), TimeUnit.MILLISECONDS);
    }
  }

  private synchronized void report() {
    Progress now;
    synchronized (tally) {
      if (closed || !due) {
        return;
      }
      due = false;
      now = tally.progress();
    }
    if (!last.equals(Optional.of(now))) {
      last = Optional.of(now);
      listener.accept(now);
    }
  }

  /** Reports what is known and was not reported. The listener is told nothing after this. */
  @Override
  public synchronized void close() {
    report();
    closed = true;
    whenClosed.run();
  }

  boolean isClosed() {
    return closed;
  }
}
