package spark.jobserver.auth.oidc;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import com.nimbusds.jose.KeySourceException;
import com.nimbusds.jose.jwk.JWK;
import com.nimbusds.jose.jwk.JWKMatcher;
import com.nimbusds.jose.jwk.JWKSelector;
import com.nimbusds.jose.jwk.JWKSet;
import java.io.IOException;
import java.time.Clock;
import java.time.Duration;
import java.time.Instant;
import java.time.ZoneId;
import java.time.ZoneOffset;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;

@Timeout(60)
class KeysTest {
  private final Provider provider = new Provider();
  private final Hand clock = new Hand();
  private final Keys keys = new Keys(provider, clock);

  /** A clock that a test moves. */
  private static final class Hand extends Clock {
    private volatile Instant now = Instant.parse("2026-01-31T12:00:00Z");

    void move(Duration time) {
      now = now.plus(time);
    }

    @Override
    public Instant instant() {
      return now;
    }

    @Override
    public ZoneId getZone() {
      return ZoneOffset.UTC;
    }

    @Override
    public Clock withZone(ZoneId zone) {
      return this;
    }
  }

  private static JWKSelector named(String id) {
    return new JWKSelector(new JWKMatcher.Builder().keyID(id).build());
  }

  private List<String> find(String id) throws KeySourceException {
    return keys.get(named(id), null).stream().map(JWK::getKeyID).toList();
  }

  private static void until(int count, Provider of) {
    while (of.fetches.get() < count) {
      Thread.onSpinWait();
    }
  }

  @Test
  void aNewKeyIsFetchedWhenATokenNamesIt() throws KeySourceException {
    assertThat(find("first")).containsExactly("first");
    provider.rotate("second");
    clock.move(Duration.ofSeconds(10));
    assertThat(find("second")).containsExactly("second");
    assertThat(find("first")).isEmpty();
    assertThat(provider.fetches).hasValue(2);
  }

  @Test
  void howeverManyUnknownKeysAreNamedTheIssuerIsAskedEveryTenSeconds() throws KeySourceException {
    for (int i = 0; i < 100; i++) {
      assertThat(find("forged" + i)).isEmpty();
    }
    assertThat(provider.fetches).hasValue(1);
    clock.move(Duration.ofSeconds(10));
    for (int i = 0; i < 100; i++) {
      find("forged" + i);
    }
    assertThat(provider.fetches).hasValue(2);
  }

  @Test
  void aKeyThatTheIssuerHasTakenBackIsGoneAfterSomeMinutes() throws KeySourceException {
    find("first");
    provider.rotate("second");
    clock.move(Duration.ofMinutes(5));
    // It is still taken, and has the keys fetched in the background.
    assertThat(find("first")).containsExactly("first");
    until(2, provider);
    while (!find("first").isEmpty()) {
      Thread.onSpinWait();
    }
  }

  @Test
  void whileTheIssuerIsGoneItsKeysAreTakenForAnHour() throws KeySourceException {
    find("first");
    provider.answers = false;
    clock.move(Duration.ofMinutes(59));
    assertThat(find("first")).containsExactly("first");
    clock.move(Duration.ofMinutes(1));
    assertThatThrownBy(() -> find("first")).isInstanceOf(KeySourceException.class);
    provider.answers = true;
    clock.move(Duration.ofSeconds(10));
    assertThat(find("first")).containsExactly("first");
  }

  @Test
  void whoeverHasAKnownKeyDoesNotWaitForThoseWhoHaveNot() throws Exception {
    CountDownLatch asked = new CountDownLatch(2);
    CountDownLatch let = new CountDownLatch(1);
    List<JWKSet> first = new ArrayList<>(List.of(provider.keys()));
    Keys slow =
        new Keys(
            () -> {
              asked.countDown();
              if (!first.isEmpty()) {
                return first.remove(0);
              }
              try {
                let.await();
              } catch (InterruptedException e) {
                throw new IOException(e);
              }
              return provider.keys();
            },
            clock);
    assertThat(slow.get(named("first"), null)).hasSize(1);
    clock.move(Duration.ofSeconds(10));
    ExecutorService callers = Executors.newCachedThreadPool();
    try {
      List<Future<List<JWK>>> waiting = new ArrayList<>();
      for (int i = 0; i < 40; i++) {
        String id = "forged" + i;
        waiting.add(callers.submit(() -> slow.get(named(id), null)));
      }
      asked.await();
      long start = System.nanoTime();
      assertThat(slow.get(named("first"), null)).hasSize(1);
      assertThat(Duration.ofNanos(System.nanoTime() - start)).isLessThan(Duration.ofSeconds(1));
      // No more than sixteen wait.
      while (waiting.stream().filter(Future::isDone).count() < 24) {
        Thread.onSpinWait();
      }
      assertThat(waiting.stream().filter(Future::isDone).count()).isEqualTo(24);
      let.countDown();
      for (Future<List<JWK>> one : waiting) {
        assertThat(one.get()).isEmpty();
      }
    } finally {
      let.countDown();
      callers.shutdownNow();
    }
  }
}
