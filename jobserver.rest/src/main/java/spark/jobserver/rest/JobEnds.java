package spark.jobserver.rest;

import java.util.Map;
import java.util.Set;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CompletionStage;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.Semaphore;
import java.util.concurrent.TimeUnit;
import spark.jobserver.api.server.ErrorCode;
import spark.jobserver.api.server.Jobs;
import spark.jobserver.api.server.JobserverException;

/**
 * Lets callers wait for the ends of jobs. A job may run for days and be asked after every second:
 * of those who have waited long enough nothing is kept, here or in the core, which is asked once
 * for each job.
 */
final class JobEnds {
  /**
   * The most callers that wait. A client that has left is not noticed before there is something to
   * tell it, and its connection stays open until then.
   */
  static final int MOST_CALLERS = 1_000;

  private final Semaphore free = new Semaphore(MOST_CALLERS);
  private final Map<Awaited, Set<CompletableFuture<Void>>> waiting = new ConcurrentHashMap<>();

  /**
   * A job that somebody waits for.
   *
   * @param jobs the service that knows it, which may be replaced by another
   */
  private record Awaited(Jobs jobs, String id) {}

  /**
   * Completes, on any thread, when the job has ended or when the time is over.
   *
   * @throws JobserverException {@link ErrorCode#UNAVAILABLE} when as many callers wait as may
   */
  @SuppressWarnings("CollectionUndefinedEquality") // futures are told apart by identity
  CompletionStage<Void> within(Jobs jobs, String id, int seconds) {
    if (!free.tryAcquire()) {
      throw new JobserverException(
          ErrorCode.UNAVAILABLE,
          "Too many requests wait for jobs (%d); try again, or ask without wait"
              .formatted(MOST_CALLERS));
    }
    Awaited job = new Awaited(jobs, id);
    CompletableFuture<Void> mine = new CompletableFuture<>();
    Set<CompletableFuture<Void>> fresh = ConcurrentHashMap.newKeySet();
    Set<CompletableFuture<Void>> all =
        waiting.compute(
            job,
            (key, there) -> {
              Set<CompletableFuture<Void>> those = there == null ? fresh : there;
              those.add(mine);
              return those;
            });
    CompletionStage<Void> forgotten =
        mine.completeOnTimeout(null, seconds, TimeUnit.SECONDS)
            .whenComplete(
                (nothing, error) -> {
                  all.remove(mine);
                  free.release();
                });
    if (all == fresh) {
      ask(job);
    }
    return forgotten;
  }

  private void ask(Awaited job) {
    // Whoever waits for a service that is gone waits until the time is over.
    waiting.keySet().removeIf(other -> other.jobs() != job.jobs());
    try {
      job.jobs()
          .end(job.id())
          .ifPresentOrElse(end -> end.whenComplete((ended, error) -> over(job)), () -> over(job));
    } catch (RuntimeException e) {
      over(job);
      throw e;
    }
  }

  private void over(Awaited job) {
    Set<CompletableFuture<Void>> all = waiting.remove(job);
    if (all != null) {
      all.forEach(one -> one.complete(null));
    }
  }

  /** How many callers wait for any job. */
  int waiting() {
    return waiting.values().stream().mapToInt(Set::size).sum();
  }
}
