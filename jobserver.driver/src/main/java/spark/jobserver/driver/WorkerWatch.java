package spark.jobserver.driver;

import java.util.Optional;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.RejectedExecutionException;
import java.util.concurrent.atomic.AtomicBoolean;
import java.util.function.Supplier;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;
import spark.jobserver.api.context.RunningContext;
import spark.jobserver.api.context.WorkerCount;

/**
 * Knows how many workers the context has had when it was last asked. It is asked on a thread of its
 * own: a context that takes its time holds up no sign of life.
 */
final class WorkerWatch implements AutoCloseable {
  private static final Logger LOG = LoggerFactory.getLogger(WorkerWatch.class);

  private final Supplier<Optional<RunningContext>> context;
  private final AtomicBoolean asking = new AtomicBoolean();
  private final ExecutorService thread =
      Executors.newSingleThreadExecutor(
          work -> {
            Thread made = new Thread(work, "context-workers");
            made.setDaemon(true);
            return made;
          });
  private volatile WorkerCount last = WorkerCount.NONE;

  /**
   * @param context the context, once it is there
   */
  WorkerWatch(Supplier<Optional<RunningContext>> context) {
    this.context = context;
  }

  /** What the context has said last. Has it asked again, for the next time; returns at once. */
  WorkerCount count() {
    if (asking.compareAndSet(false, true)) {
      try {
        thread.execute(this::ask);
      } catch (RejectedExecutionException e) {
        LOG.debug("the driver is leaving");
      }
    }
    return last;
  }

  private void ask() {
    try {
      last = context.get().map(RunningContext::workers).orElse(WorkerCount.NONE);
    } catch (RuntimeException | LinkageError e) {
      last = WorkerCount.NONE;
      LOG.debug("the context cannot tell its workers", e);
    } finally {
      asking.set(false);
    }
  }

  /** Asks no more. */
  @Override
  public void close() {
    thread.shutdownNow();
  }
}
