package spark.jobserver.driver;

import java.time.Duration;
import org.osgi.framework.BundleContext;
import org.osgi.framework.BundleException;
import org.osgi.framework.FrameworkEvent;
import org.osgi.framework.launch.Framework;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Ends the process by stopping the framework, which the main program waits for. A framework that
 * does not stop is not waited for: nothing of this driver hangs.
 */
final class FrameworkExit implements Runnable {
  private static final Logger LOG = LoggerFactory.getLogger(FrameworkExit.class);
  private static final Duration PATIENCE = Duration.ofSeconds(20);

  private final Framework framework;

  FrameworkExit(BundleContext context) {
    this.framework = context.getBundle(0).adapt(Framework.class);
  }

  /** Returns at once. */
  @Override
  public void run() {
    Thread watchdog = new Thread(this::watch, "exit-watchdog");
    watchdog.setDaemon(true);
    watchdog.start();
    try {
      framework.stop();
    } catch (BundleException | RuntimeException e) {
      LOG.error("the framework does not stop", e);
    }
  }

  private void watch() {
    try {
      if (framework.waitForStop(PATIENCE.toMillis()).getType() == FrameworkEvent.WAIT_TIMEDOUT) {
        Runtime.getRuntime().halt(1);
      }
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
    }
  }
}
