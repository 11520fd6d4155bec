package spark.jobserver.callback;

import java.io.IOException;
import java.time.Duration;
import java.util.Optional;
import java.util.Set;
import java.util.concurrent.CancellationException;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CompletionStage;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.LinkedBlockingQueue;
import java.util.concurrent.RejectedExecutionException;
import java.util.concurrent.ScheduledExecutorService;
import java.util.concurrent.ThreadPoolExecutor;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicInteger;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Makes each call again, after a pause, until it was answered well or has been tried often enough.
 * A few calls are made at once, and others wait; one that pauses takes no thread, so that a server
 * that is down holds up no call to another.
 *
 * <p>Only so many calls are taken: a further one fails at once, so that memory is bounded. Nothing
 * is lost by that, as every callback is on record until it was told.
 */
final class RepeatedCalls {
  /** How many calls are made at once. */
  static final int AT_ONCE = 8;

  /** How many calls are taken, whether they wait, pause or are being made. */
  static final int MOST = 1_000;

  private static final Logger LOG = LoggerFactory.getLogger(RepeatedCalls.class);
  private static final int IDLE_SECONDS = 30;
  private static final int LAST_WORK_SECONDS = 2;

  private final Caller caller;
  private final int attempts;
  private final Duration pause;
  private final ScheduledExecutorService timer;
  private final ThreadPoolExecutor threads;
  private final Set<Call> calls = ConcurrentHashMap.newKeySet();
  private final AtomicInteger taken = new AtomicInteger();
  private volatile boolean closed;

  /** One that has been taken; equal to itself alone. */
  private static final class Call {
    final CallbackUrl url;
    final Notice notice;
    final CompletableFuture<Boolean> told = new CompletableFuture<>();

    Call(CallbackUrl url, Notice notice) {
      this.url = url;
      this.notice = notice;
    }

    void stopped() {
      told.completeExceptionally(new CancellationException("callbacks are being stopped"));
    }
  }

  /**
   * What repeats calls.
   *
   * @param caller makes a call once
   * @param attempts how often it is made at the most
   * @param pause how long after one try the next is made
   * @param timer for the pauses
   */
  RepeatedCalls(Caller caller, int attempts, Duration pause, ScheduledExecutorService timer) {
    this.caller = caller;
    this.attempts = attempts;
    this.pause = pause;
    this.timer = timer;
    AtomicInteger number = new AtomicInteger();
    this.threads =
        new ThreadPoolExecutor(
            AT_ONCE,
            AT_ONCE,
            IDLE_SECONDS,
            TimeUnit.SECONDS,
            new LinkedBlockingQueue<>(),
            work -> {
              Thread thread = new Thread(work, "callback-" + number.incrementAndGet());
              thread.setDaemon(true);
              return thread;
            });
    threads.allowCoreThreadTimeOut(true);
  }

  /**
   * Makes a call. Returns at once.
   *
   * @return true when it was answered well, false when it was given up; fails when too many have
   *     been taken, or this is closed before the call has ended
   */
  CompletionStage<Boolean> make(CallbackUrl url, Notice notice) {
    if (taken.incrementAndGet() > MOST) {
      taken.decrementAndGet();
      return CompletableFuture.failedStage(
          new RejectedExecutionException("there are " + MOST + " callbacks to make already"));
    }
    Call call = new Call(url, notice);
    calls.add(call);
    call.told.whenComplete(
        (told, stopped) -> {
          calls.remove(call);
          taken.decrementAndGet();
        });
    attempt(call, 1);
    return call.told;
  }

  private void attempt(Call call, int number) {
    try {
      threads.execute(() -> attempted(call, number, problem(call)));
    } catch (RejectedExecutionException e) {
      call.stopped();
    }
  }

  /** Makes a call once; tells what went wrong. */
  private Optional<String> problem(Call call) {
    try {
      int status = caller.call(call.url, call.notice);
      return status >= 200 && status < 300
          ? Optional.empty()
          : Optional.of("the answer has status " + status);
    } catch (IOException e) {
      return Optional.of(e.toString());
    } catch (RuntimeException | Error e) {
      LOG.error("job {}: its end cannot be told", call.notice.jobId(), e);
      return Optional.of(e.toString());
    }
  }

  private void attempted(Call call, int number, Optional<String> problem) {
    if (problem.isEmpty()) {
      call.told.complete(true);
    } else if (closed) {
      call.stopped();
    } else {
      LOG.info(
          "job {}: attempt {} of {} to call {} failed: {}",
          call.notice.jobId(),
          number,
          attempts,
          call.url.origin(),
          problem.get());
      repeat(call, number);
    }
  }

  private void repeat(Call call, int number) {
    if (number == attempts) {
      call.told.complete(false);
      return;
    }
    try {
      timer.schedule(() -> attempt(call, number + 1), pause.toMillis(), TimeUnit.MILLISECONDS);
    } catch (RejectedExecutionException e) {
      call.stopped();
    }
  }

  /** Makes no more calls. Those fail that have not ended. */
  void close() throws InterruptedException {
    closed = true;
    caller.close();
    // Without an interrupt: a thread may just be storing that it has told somebody.
    threads.shutdown();
    try {
      if (!threads.awaitTermination(LAST_WORK_SECONDS, TimeUnit.SECONDS)) {
        LOG.warn("a call goes on for a while, though callbacks have been stopped");
      }
    } finally {
      calls.forEach(Call::stopped);
    }
  }
}
