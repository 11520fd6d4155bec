package spark.jobserver.auth.oidc;

import com.nimbusds.jose.KeySourceException;
import com.nimbusds.jose.jwk.JWK;
import com.nimbusds.jose.jwk.JWKSelector;
import com.nimbusds.jose.jwk.JWKSet;
import com.nimbusds.jose.jwk.source.JWKSource;
import com.nimbusds.jose.proc.SecurityContext;
import java.io.IOException;
import java.time.Clock;
import java.time.Duration;
import java.time.Instant;
import java.util.List;
import java.util.Optional;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.LinkedBlockingQueue;
import java.util.concurrent.Semaphore;
import java.util.concurrent.ThreadPoolExecutor;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.TimeoutException;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * The issuer's keys as they are known. They are fetched by a thread of its own and by no request:
 * in the background once they are some minutes old, and when a token names a key that is not among
 * them, as after the issuer has changed its keys. Whoever needs such a key waits for that, a few
 * seconds and a few callers at the most; nobody else does. However many unknown keys are named, the
 * issuer is asked every ten seconds at the most.
 */
final class Keys implements JWKSource<SecurityContext> {
  private static final Logger LOG = LoggerFactory.getLogger(Keys.class);
  private static final Duration FRESH = Duration.ofMinutes(5);

  /** How long keys are taken for the issuer's that cannot be asked. */
  private static final Duration USABLE = Duration.ofHours(1);

  private static final Duration PAUSE = Duration.ofSeconds(10);
  private static final long PATIENCE_SECONDS = 7;
  private static final int MOST_WAITING = 16;
  private static final long IDLE_SECONDS = 30;

  private final Source source;
  private final Clock clock;
  private final Semaphore waiting = new Semaphore(MOST_WAITING);
  private final ExecutorService fetcher;

  /** Empty until they were fetched once. */
  private volatile Optional<Fetched> known = Optional.empty();

  /** The fetch that runs, or ran last; guarded by this, as is its time. */
  private CompletableFuture<Void> fetch = CompletableFuture.completedFuture(null);

  private Instant asked = Instant.MIN;

  private record Fetched(JWKSet keys, Instant at) {}

  /** Where they are. */
  interface Source {
    /** Fetches them; takes its time, which is bounded. */
    JWKSet fetch() throws IOException;
  }

  Keys(Source source, Clock clock) {
    this.source = source;
    this.clock = clock;
    ThreadPoolExecutor one =
        new ThreadPoolExecutor(
            1, 1, IDLE_SECONDS, TimeUnit.SECONDS, new LinkedBlockingQueue<>(), Keys::thread);
    one.allowCoreThreadTimeOut(true);
    this.fetcher = one;
  }

  private static Thread thread(Runnable work) {
    Thread thread = new Thread(work, "oidc-keys");
    thread.setDaemon(true);
    return thread;
  }

  /**
   * The keys for a token.
   *
   * @throws KeySourceException when no keys are known
   */
  @Override
  public List<JWK> get(JWKSelector selector, SecurityContext none) throws KeySourceException {
    Optional<Fetched> now = usable();
    List<JWK> found = now.map(fetched -> selector.select(fetched.keys())).orElse(List.of());
    if (found.isEmpty()) {
      await(refresh());
      now = usable();
      found = now.map(fetched -> selector.select(fetched.keys())).orElse(List.of());
    } else if (isOlder(now, FRESH)) {
      refresh();
    }
    if (now.isEmpty()) {
      throw new KeySourceException("the issuer's keys are not known");
    }
    return found;
  }

  private Optional<Fetched> usable() {
    Optional<Fetched> now = known;
    return isOlder(now, USABLE) ? Optional.empty() : now;
  }

  private boolean isOlder(Optional<Fetched> fetched, Duration age) {
    return fetched.filter(one -> clock.instant().isBefore(one.at().plus(age))).isEmpty();
  }

  /** Has them fetched, unless they are just now or were a moment ago. */
  private synchronized CompletableFuture<Void> refresh() {
    Instant now = clock.instant();
    if (fetch.isDone() && !asked.isAfter(now.minus(PAUSE))) {
      asked = now;
      fetch = CompletableFuture.runAsync(this::fetch, fetcher);
    }
    return fetch;
  }

  private void fetch() {
    try {
      known = Optional.of(new Fetched(source.fetch(), clock.instant()));
    } catch (IOException | RuntimeException e) {
      LOG.warn("the keys of the issuer of tokens could not be fetched: {}", e.getMessage());
    }
  }

  private void await(CompletableFuture<Void> fetching) {
    if (fetching.isDone() || !waiting.tryAcquire()) {
      return;
    }
    try {
      fetching.get(PATIENCE_SECONDS, TimeUnit.SECONDS);
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
    } catch (ExecutionException | TimeoutException e) {
      LOG.debug("the keys are not there yet", e);
    } finally {
      waiting.release();
    }
  }
}
