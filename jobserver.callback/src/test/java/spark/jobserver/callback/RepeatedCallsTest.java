package spark.jobserver.callback;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.io.IOException;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.concurrent.CancellationException;
import java.util.concurrent.CompletionStage;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.Executors;
import java.util.concurrent.LinkedBlockingQueue;
import java.util.concurrent.RejectedExecutionException;
import java.util.concurrent.ScheduledExecutorService;
import java.util.concurrent.Semaphore;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicInteger;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;

class RepeatedCallsTest {
  private static final CallbackUrl URL = CallbackUrl.of("http://hooks.example/");
  private static final Duration LONG = Duration.ofHours(1);
  private static final int SECONDS = 30;

  private final ScheduledExecutorService timer = Executors.newSingleThreadScheduledExecutor();
  private final List<RepeatedCalls> opened = new ArrayList<>();

  @AfterEach
  void close() throws InterruptedException {
    for (RepeatedCalls calls : opened) {
      calls.close();
    }
    timer.shutdownNow();
  }

  private RepeatedCalls calls(Caller caller, int attempts, Duration pause) {
    RepeatedCalls calls = new RepeatedCalls(caller, attempts, pause, timer);
    opened.add(calls);
    return calls;
  }

  private static CompletionStage<Boolean> make(RepeatedCalls calls, String id) {
    return calls.make(URL, Notice.of(Jobs.finished(id), Optional.empty()));
  }

  private static boolean end(CompletionStage<Boolean> call) throws Exception {
    return call.toCompletableFuture().get(SECONDS, TimeUnit.SECONDS);
  }

  /** A target that holds every call until it is let go. */
  private static final class Held implements Caller {
    final Semaphore entered = new Semaphore(0);
    final CountDownLatch let = new CountDownLatch(1);
    final AtomicInteger now = new AtomicInteger();
    final AtomicInteger most = new AtomicInteger();

    @Override
    public int call(CallbackUrl url, Notice notice) throws IOException {
      most.accumulateAndGet(now.incrementAndGet(), Math::max);
      entered.release();
      try {
        let.await();
      } catch (InterruptedException e) {
        throw new IOException(e);
      } finally {
        now.decrementAndGet();
      }
      return 200;
    }

    @Override
    public void close() {
      let.countDown();
    }
  }

  @Test
  void aCallIsMadeAsOftenAsIsSaidAndThenGivenUp() throws Exception {
    AtomicInteger made = new AtomicInteger();
    RepeatedCalls calls =
        calls(
            (url, notice) -> {
              if (made.incrementAndGet() % 2 == 0) {
                throw new IOException("no answer");
              }
              return 404;
            },
            5,
            Duration.ZERO);

    assertThat(end(make(calls, "j"))).isFalse();
    assertThat(made).hasValue(5);
  }

  @Test
  void anErrorOfTheServerIsOneMoreFailure() throws Exception {
    AtomicInteger made = new AtomicInteger();
    RepeatedCalls calls =
        calls(
            (url, notice) -> {
              if (made.incrementAndGet() == 1) {
                throw new IllegalStateException("the store");
              }
              return 204;
            },
            2,
            Duration.ZERO);

    assertThat(end(make(calls, "j"))).isTrue();
  }

  @Test
  void aFewAreMadeAtOnce() throws Exception {
    Held target = new Held();
    RepeatedCalls calls = calls(target, 1, Duration.ZERO);
    List<CompletionStage<Boolean>> made = new ArrayList<>();
    for (int i = 0; i < 3 * RepeatedCalls.AT_ONCE; i++) {
      made.add(make(calls, "j" + i));
    }

    assertThat(target.entered.tryAcquire(RepeatedCalls.AT_ONCE, SECONDS, TimeUnit.SECONDS))
        .isTrue();
    target.let.countDown();
    for (CompletionStage<Boolean> call : made) {
      assertThat(end(call)).isTrue();
    }
    assertThat(target.most).hasValue(RepeatedCalls.AT_ONCE);
  }

  @Test
  void whatPausesHoldsNobodyUp() throws Exception {
    Semaphore failed = new Semaphore(0);
    RepeatedCalls calls =
        calls(
            (url, notice) -> {
              if (notice.jobId().equals("good")) {
                return 200;
              }
              failed.release();
              return 500;
            },
            2,
            LONG);
    for (int i = 0; i < RepeatedCalls.AT_ONCE; i++) {
      make(calls, "bad");
    }

    assertThat(failed.tryAcquire(RepeatedCalls.AT_ONCE, SECONDS, TimeUnit.SECONDS)).isTrue();
    assertThat(end(make(calls, "good"))).isTrue();
  }

  @Test
  void whatIsTooMuchFailsUntilThereIsRoom() throws Exception {
    Held target = new Held();
    RepeatedCalls calls = calls(target, 1, Duration.ZERO);
    List<CompletionStage<Boolean>> made = new ArrayList<>();
    for (int i = 0; i < RepeatedCalls.MOST; i++) {
      made.add(make(calls, "j" + i));
    }

    assertThatThrownBy(() -> end(make(calls, "too much")))
        .hasCauseInstanceOf(RejectedExecutionException.class);
    target.let.countDown();
    for (CompletionStage<Boolean> call : made) {
      assertThat(end(call)).isTrue();
    }
    assertThat(end(make(calls, "again"))).isTrue();
  }

  @Test
  void whatHasNotEndedFailsWhenAllIsStopped() throws Exception {
    LinkedBlockingQueue<String> made = new LinkedBlockingQueue<>();
    Held target = new Held();
    RepeatedCalls calls =
        calls(
            new Caller() {
              @Override
              public int call(CallbackUrl url, Notice notice) throws IOException {
                made.add(notice.jobId());
                if (notice.jobId().equals("pauses")) {
                  return 500;
                }
                target.call(url, notice);
                throw new IOException("ended");
              }

              @Override
              public void close() {
                target.close();
              }
            },
            2,
            LONG);
    CompletionStage<Boolean> pauses = make(calls, "pauses");
    assertThat(made.poll(SECONDS, TimeUnit.SECONDS)).isEqualTo("pauses");
    List<CompletionStage<Boolean>> others = new ArrayList<>();
    for (int i = 0; i <= RepeatedCalls.AT_ONCE; i++) {
      others.add(make(calls, "held"));
    }
    assertThat(target.entered.tryAcquire(RepeatedCalls.AT_ONCE, SECONDS, TimeUnit.SECONDS))
        .isTrue();

    calls.close();

    others.add(pauses);
    others.add(make(calls, "late"));
    for (CompletionStage<Boolean> call : others) {
      assertThatThrownBy(() -> end(call)).isInstanceOf(CancellationException.class);
    }
  }
}
