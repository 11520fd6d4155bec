package spark.jobserver.health;

import java.time.Duration;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.RejectedExecutionException;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.TimeoutException;
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

  // Guarded by this:
  private List<CheckResult> last = List.of();
  private long lastTime;

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

  /** What they say, in the order of their names. */
  synchronized List<CheckResult> results(List<Check> checks) {
    if (last.isEmpty() || System.nanoTime() - lastTime > fresh.toNanos()) {
      last = carriedOut(checks);
      lastTime = System.nanoTime();
    }
    return last;
  }

  private List<CheckResult> carriedOut(List<Check> checks) {
    running.keySet().retainAll(checks.stream().map(Check::check).toList());
    Map<Check, CompletableFuture<Result>> begun = new LinkedHashMap<>();
    checks.stream()
        .sorted(Comparator.comparing(Check::name))
        .forEach(check -> begun.put(check, begin(check.check())));
    long end = System.nanoTime() + patience.toNanos();
    List<CheckResult> results = new ArrayList<>();
    begun.forEach((check, result) -> results.add(result(check, result, end - System.nanoTime())));
    return results;
  }

  private CompletableFuture<Result> begin(HealthCheck check) {
    return running.computeIfAbsent(
        check,
        one -> {
          try {
            return CompletableFuture.supplyAsync(one::execute, threads);
          } catch (RejectedExecutionException e) {
            return CompletableFuture.failedFuture(e);
          }
        });
  }

  private CheckResult result(Check check, CompletableFuture<Result> result, long nanos) {
    try {
      Result said = result.get(Math.max(0, nanos), TimeUnit.NANOSECONDS);
      running.remove(check.check());
      return new CheckResult(check.name(), said.getStatus(), message(said), check.ready());
    } catch (TimeoutException e) {
      return bad(check, "It has not answered within " + patience.toSeconds() + " s");
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
      return bad(check, "It was interrupted");
    } catch (ExecutionException e) {
      running.remove(check.check());
      LOG.warn("the check {} failed", check.name(), e.getCause());
      return bad(check, "It failed: " + e.getCause());
    }
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
