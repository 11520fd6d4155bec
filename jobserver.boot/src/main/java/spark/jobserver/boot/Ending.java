package spark.jobserver.boot;

import java.time.Duration;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicBoolean;

/**
 * How the process ends: when its main program is through, when a signal asks for it, or by force
 * when neither comes to an end.
 */
final class Ending {
  /** How long stopping may take when a signal asked for it. */
  static final Duration AFTER_SIGNAL = Duration.ofSeconds(60);

  /** How long stopping may take when something in the process asked for it. */
  static final Duration FROM_INSIDE = Duration.ofSeconds(30);

  private final CountDownLatch through = new CountDownLatch(1);
  private final AtomicBoolean watched = new AtomicBoolean();
  private final boolean ownsProcess;
  private boolean signalled;
  private Runnable stop = () -> {};
  private volatile int code;

  /**
   * Listens to signals from now on.
   *
   * @param ownsProcess whether a signal ends the process with our exit code, and at once when we
   *     are through; otherwise with Java's, when everybody else's shutdown hooks are through too
   */
  Ending(boolean ownsProcess) {
    this.ownsProcess = ownsProcess;
    Runtime.getRuntime().addShutdownHook(new Thread(this::shutDown, "shutdown"));
  }

  /** Sets what a signal is to do; it is done at once when the signal has already come. */
  void onSignal(Runnable stop) {
    boolean now;
    synchronized (this) {
      this.stop = stop;
      now = signalled;
    }
    if (now) {
      stop.run();
    }
  }

  /** Stopping has begun: the process ends within that time, by force if need be. */
  void within(Duration limit) {
    if (watched.compareAndSet(false, true)) {
      Thread watchdog = new Thread(() -> watch(limit), "watchdog");
      watchdog.setDaemon(true);
      watchdog.start();
    }
  }

  /** The main program is through: ends the process. Never returns. */
  void exit(int exitCode) {
    code = exitCode;
    through.countDown();
    System.exit(exitCode);
  }

  private void shutDown() {
    if (through.getCount() == 0) {
      return;
    }
    within(AFTER_SIGNAL);
    Runnable toDo;
    synchronized (this) {
      signalled = true;
      toDo = stop;
    }
    toDo.run();
    try {
      through.await();
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
    }
    if (ownsProcess) {
      Runtime.getRuntime().halt(code);
    }
  }

  private void watch(Duration limit) {
    try {
      TimeUnit.MILLISECONDS.sleep(limit.toMillis());
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
    }
    System.err.printf("Not stopped within %d s: ended by force%n", limit.toSeconds());
    Runtime.getRuntime().halt(code == 0 ? ExitCode.FAILED.number() : code);
  }
}
