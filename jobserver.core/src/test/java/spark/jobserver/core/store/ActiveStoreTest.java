package spark.jobserver.core.store;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.time.Duration;
import java.time.Instant;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CountDownLatch;
import org.junit.jupiter.api.Test;
import spark.jobserver.api.Context;
import spark.jobserver.api.dao.DaoException;
import spark.jobserver.api.server.ErrorCode;
import spark.jobserver.api.server.JobserverException;
import spark.jobserver.core.MemoryDao;

class ActiveStoreTest {
  private static final Context CONTEXT =
      Context.started("id", "name", "factory", "{}", Instant.EPOCH, "", "");

  private final MemoryDao service = new MemoryDao();
  private final ActiveStore store = new ActiveStore(service, "it has gone");

  private static void isGone(Throwable error) {
    assertThat(error)
        .isInstanceOfSatisfying(
            JobserverException.class, e -> assertThat(e.code()).isEqualTo(ErrorCode.UNAVAILABLE))
        .hasMessage("it has gone");
  }

  @Test
  void callsGoToTheStore() {
    assertThat(store.dao().insertContext(CONTEXT)).isTrue();
    assertThat(service.activeContexts()).containsExactly(CONTEXT);
    service.failNext(1);
    assertThatThrownBy(() -> store.dao().saveDriver(null)).isInstanceOf(DaoException.class);
    assertThat(store.dao()).hasToString(service.toString());
  }

  @Test
  void aStoreThatHasGoneIsNotUsed() {
    assertThat(store.close(Duration.ZERO)).isTrue();
    assertThatThrownBy(() -> store.dao().insertContext(CONTEXT)).satisfies(ActiveStoreTest::isGone);
    assertThat(service.activeContexts()).isEmpty();
  }

  @Test
  void whatFailsWhileTheStoreGoesFailsForThat() {
    store.leave();
    assertThat(store.dao().insertContext(CONTEXT)).isTrue();
    service.failNext(1);
    assertThatThrownBy(() -> store.dao().updateContext(CONTEXT)).satisfies(ActiveStoreTest::isGone);
  }

  @Test
  void whatIsUnderWayIsWaitedFor() throws Exception {
    CountDownLatch inside = new CountDownLatch(1);
    CountDownLatch on = new CountDownLatch(1);
    service.duringInsertionsOfContexts(
        () -> {
          inside.countDown();
          try {
            on.await();
          } catch (InterruptedException e) {
            throw new IllegalStateException(e);
          }
        });
    CompletableFuture<Boolean> insertion =
        CompletableFuture.supplyAsync(() -> store.dao().insertContext(CONTEXT));
    inside.await();
    assertThat(store.close(Duration.ofMillis(1))).as("it is still used").isFalse();

    CompletableFuture<Boolean> closed =
        CompletableFuture.supplyAsync(() -> store.close(Duration.ofSeconds(30)));
    on.countDown();
    assertThat(closed.get()).isTrue();
    assertThat(insertion).isCompletedWithValue(true);
  }
}
