package spark.jobserver.driver;

import java.time.Duration;
import java.util.List;
import java.util.Optional;
import java.util.concurrent.LinkedBlockingQueue;
import java.util.concurrent.ThreadPoolExecutor;
import java.util.concurrent.TimeUnit;
import java.util.function.Consumer;
import java.util.function.Supplier;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;
import spark.jobserver.api.NamedObject;
import spark.jobserver.api.context.RunningContext;
import spark.jobserver.link.Event;

/**
 * Answers the server's questions for named objects, on a thread of its own: a context that takes
 * its time to tell them holds up nothing but the next such question. When too many wait, the oldest
 * are dropped, for whom nobody waits any more.
 */
final class NamedObjectAnswers implements AutoCloseable {
  private static final Logger LOG = LoggerFactory.getLogger(NamedObjectAnswers.class);
  private static final int MOST_WAITING = 1000;
  private static final Duration IDLE = Duration.ofSeconds(30);

  private final Supplier<Optional<RunningContext>> context;
  private final Consumer<Event.NamedObjectsListed> answers;
  private final ThreadPoolExecutor thread;

  /**
   * @param context the context, once it is there
   * @param answers where answers go; may block
   */
  NamedObjectAnswers(
      Supplier<Optional<RunningContext>> context, Consumer<Event.NamedObjectsListed> answers) {
    this.context = context;
    this.answers = answers;
    this.thread =
        new ThreadPoolExecutor(
            1,
            1,
            IDLE.toSeconds(),
            TimeUnit.SECONDS,
            new LinkedBlockingQueue<>(MOST_WAITING),
            work -> {
              Thread made = new Thread(work, "context-objects");
              made.setDaemon(true);
              return made;
            },
            new ThreadPoolExecutor.DiscardOldestPolicy());
    thread.allowCoreThreadTimeOut(true);
  }

  /** Takes a question. Returns at once. */
  void ask(String requestId) {
    thread.execute(() -> answer(requestId));
  }

  private void answer(String requestId) {
    try {
      List<NamedObject> objects = context.get().map(RunningContext::namedObjects).orElse(List.of());
      answers.accept(Event.NamedObjectsListed.of(requestId, objects));
    } catch (RuntimeException | LinkageError e) {
      LOG.warn("the context cannot tell its named objects", e);
    }
  }

  /** Answers no more. */
  @Override
  public void close() {
    thread.shutdownNow();
  }
}
