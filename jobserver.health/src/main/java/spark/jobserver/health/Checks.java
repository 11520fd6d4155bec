package spark.jobserver.health;

import java.time.Duration;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.Optional;
import java.util.Set;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.RejectedExecutionException;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.TimeoutException;
import java.util.concurrent.locks.Lock;
import java.util.concurrent.locks.ReentrantLock;
import org.apache.felix.hc.api.HealthCheck;
import org.apache.felix.hc.api.Result;
import org.apache.felix.hc.api.ResultLog;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Carries out checks, all at once, and none for longer than a time; one that does not come back is
 * not begun again until it does. What was found is told for a while to everybody who asks, since
 * anybody may.
 */
final class Checks implements AutoCloseable {
  private static final Logger LOG = LoggerFactory.getLogger(Checks.class);

  private final Duration patience;
  private final Duration fresh;
  private final ExecutorService threads =
      Executors.newCachedThreadPool(
          work -> {
            Thread thread = new Thread(work, "health");
            thread.setDaemon(true);
            return thread;
          });
  private final Map<HealthCheck, CompletableFuture<Result>> running = new ConcurrentHashMap<>();

  /** The names of checks that failed when they were carried out last. */
  private final Set<String> failing = ConcurrentHashMap.newKeySet();

  /** Held by who carries them out. */
  private final Lock round = new ReentrantLock();

  private volatile Optional<Told> last = Optional.empty();

  /**
   * Checks that may take some time.
   *
   * @param patience how long one may take
   * @param fresh for how long a result is told again
   */
  Checks(Duration patience, Duration fresh) {
    this.patience = patience;
    this.fresh = fresh;
  }

  /**
   * A check.
   *
   * @param ready whether the server is not ready unless it is well
   */
  record Check(String name, boolean ready, HealthCheck check) {}

  /** What was found, and when, by {@link System#nanoTime}. */
  private record Told(List<CheckResult> results, long time) {
    boolean isWithin(Duration age) {
      return System.nanoTime() - time <= age.toNanos();
    }
  }

  /**
   * What they say, in the order of their names. While one thread carries them out, others are told
   * what was found before; they wait where nothing was, or long ago.
   */
  List<CheckResult> results(List<Check> checks) {
    Optional<Told> before = last;
    if (before.filter(told -> told.isWithin(fresh)).isPresent()) {
      return before.get().results();
    }
    if (!round.tryLock()) {
      if (before.filter(told -> told.isWithin(fresh.plus(patience))).isPresent()) {
        return before.get().results();
      }
      round.lock();
    }
    try {
      Optional<Told> now = last.filter(told -> told.isWithin(fresh));
      if (now.isEmpty()) {
        List<CheckResult> results = carriedOut(checks);
        now = Optional.of(new Told(results, System.nanoTime()));
        last = now.filter(told -> !results.isEmpty());
      }
      return now.get().results();
    } finally {
      round.unlock();
    }
  }

  private List<CheckResult> carriedOut(List<Check> checks) {
    running.keySet().retainAll(checks.stream().map(Check::check).toList());
    failing.retainAll(checks.stream().map(Check::name).toList());
    // Those that have had their time, and still run.
    Set<HealthCheck> late = Set.copyOf(running.keySet());
    Map<Check, CompletableFuture<Result>> begun = new LinkedHashMap<>();
    checks.stream()
        .sorted(Comparator.comparing(Check::name))
        .forEach(check -> begun.put(check, begin(check.check())));
    long end = System.nanoTime() + patience.toNanos();
    List<CheckResult> results = new ArrayList<>();
    begun.forEach(
        (check, result) ->
            results.add(
                result(check, result, late.contains(check.check()) ? 0 : end - System.nanoTime())));
    return results;
  }

  private CompletableFuture<Result> begin(HealthCheck check) {
    return running.computeIfAbsent(
        check,
        one -> {
          try {
            return CompletableFuture.supplyAsync(
                () -> Objects.requireNonNull(one.execute(), "it gave no result"), threads);
          } catch (RejectedExecutionException e) {
            return CompletableFuture.failedFuture(e);
          }
        });
  }

  private CheckResult result(Check check, CompletableFuture<Result> result, long nanos) {
    try {
      Result said = result.get(Math.max(0, nanos), TimeUnit.NANOSECONDS);
      running.remove(check.check());
      CheckResult told =
          new CheckResult(check.name(), said.getStatus(), message(said), check.ready());
      failing.remove(check.name());
      return told;
    } catch (TimeoutException e) {
      return bad(check, "It has not answered within " + patience.toSeconds() + " s");
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
      return bad(check, "It was interrupted");
    } catch (ExecutionException e) {
      running.remove(check.check());
      return failed(check, e.getCause());
    } catch (RuntimeException e) { // a result that cannot be read
      return failed(check, e);
    }
  }

  /** Logged once until it is carried out again, for anybody may ask. */
  private CheckResult failed(Check check, Throwable why) {
    if (failing.add(check.name())) {
      LOG.warn("the check {} failed", check.name(), why);
    }
    return bad(check, "It failed: " + why);
  }

  private static CheckResult bad(Check check, String message) {
    return new CheckResult(check.name(), Result.Status.HEALTH_CHECK_ERROR, message, check.ready());
  }

  private static String message(Result result) {
    List<String> messages = new ArrayList<>();
    for (ResultLog.Entry entry : result) {
      if (!entry.isDebug()) {
        messages.add(entry.getMessage());
      }
    }
    return String.join("; ", messages);
  }

  @Override
  public void close() {
    threads.shutdownNow();
  }
}
