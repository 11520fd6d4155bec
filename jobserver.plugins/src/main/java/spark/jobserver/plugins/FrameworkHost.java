package spark.jobserver.plugins;

import java.nio.file.Path;
import java.time.Duration;
import java.util.Collection;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.TimeoutException;
import java.util.concurrent.atomic.AtomicInteger;
import org.osgi.framework.Bundle;
import org.osgi.framework.BundleContext;
import org.osgi.framework.BundleException;
import org.osgi.framework.Constants;
import org.osgi.framework.startlevel.BundleStartLevel;
import org.osgi.framework.wiring.FrameworkWiring;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * The server's own framework. A bundle starts and stops on a thread of its own: one that takes too
 * long is given up, and taken away when it comes back.
 */
final class FrameworkHost implements Host {
  private static final Logger LOG = LoggerFactory.getLogger(FrameworkHost.class);

  private final BundleContext context;
  private final int startLevel;
  private final Duration limit;
  private final AtomicInteger installed = new AtomicInteger();

  /**
   * @param startLevel at which plugins start, after everything of the server's
   * @param limit how long a start, a stop or a refresh may take
   */
  FrameworkHost(BundleContext context, int startLevel, Duration limit) {
    this.context = context;
    this.startLevel = startLevel;
    this.limit = limit;
  }

  /** What can be done with a bundle. */
  private interface Action {
    void run() throws BundleException;
  }

  @Override
  public Started start(Path jar) throws CannotStart {
    Bundle bundle = install(jar);
    Plugin plugin = new Plugin(bundle);
    try {
      plugin.startAgain();
      return plugin;
    } catch (CannotStart e) {
      if (!plugin.givenUp) {
        plugin.remove();
      }
      throw e;
    }
  }

  private Bundle install(Path jar) throws CannotStart {
    try {
      // The same bytes may have been here a moment ago, and not be gone yet. What follows "#" is
      // left
      // out when the location is read.
      Bundle bundle = context.installBundle(jar.toUri() + "#" + installed.incrementAndGet());
      bundle.adapt(BundleStartLevel.class).setStartLevel(startLevel);
      return bundle;
    } catch (BundleException | IllegalStateException e) {
      throw new CannotStart("It cannot be installed: " + e.getMessage(), false);
    }
  }

  /**
   * Carries something out within the limit.
   *
   * @throws TimeoutException when it is still at it; {@code afterwards} is done when it ends
   * @throws BundleException what it has thrown
   */
  private void within(String name, Action action, Runnable afterwards)
      throws BundleException, TimeoutException {
    CompletableFuture<Void> done = new CompletableFuture<>();
    Thread thread =
        new Thread(
            () -> {
              try {
                action.run();
                done.complete(null);
              } catch (BundleException | RuntimeException | LinkageError e) {
                done.completeExceptionally(e);
              }
            },
            name);
    thread.setDaemon(true);
    thread.start();
    try {
      done.get(limit.toMillis(), TimeUnit.MILLISECONDS);
    } catch (TimeoutException e) {
      done.whenComplete((nothing, error) -> afterwards.run());
      throw e;
    } catch (ExecutionException e) {
      throw e.getCause() instanceof BundleException reason
          ? reason
          : new BundleException(String.valueOf(e.getCause()), e.getCause());
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
      throw new BundleException("interrupted", e);
    }
  }

  /** Lets go of the class loaders of bundles that were taken away while others used them. */
  private void refresh() {
    FrameworkWiring wiring =
        context.getBundle(Constants.SYSTEM_BUNDLE_LOCATION).adapt(FrameworkWiring.class);
    Collection<Bundle> pending = wiring.getRemovalPendingBundles();
    if (pending.isEmpty()) {
      return;
    }
    CountDownLatch refreshed = new CountDownLatch(1);
    wiring.refreshBundles(pending, event -> refreshed.countDown());
    try {
      if (!refreshed.await(limit.toMillis(), TimeUnit.MILLISECONDS)) {
        LOG.warn("the framework takes longer than {} to refresh {}", limit, pending);
      }
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
    }
  }

  /** A bundle of the framework. */
  private final class Plugin implements Started {
    private final Bundle bundle;

    /** Its start is still under way, and it is taken away afterwards. */
    private boolean givenUp;

    Plugin(Bundle bundle) {
      this.bundle = bundle;
    }

    @Override
    public void startAgain() throws CannotStart {
      try {
        within("start " + bundle.getSymbolicName(), bundle::start, this::removeLater);
      } catch (TimeoutException e) {
        givenUp = true;
        throw new CannotStart("It does not start within " + limit.toSeconds() + " s.", false);
      } catch (BundleException e) {
        boolean unresolved =
            e.getType() == BundleException.RESOLVE_ERROR
                || e.getType() == BundleException.REJECTED_BY_HOOK;
        throw new CannotStart("It does not start: " + reason(e), unresolved);
      }
    }

    /** An activator's own exception says more than the framework's around it. */
    private static String reason(BundleException e) {
      Throwable cause =
          e.getType() == BundleException.ACTIVATOR_ERROR && e.getCause() != null ? e.getCause() : e;
      return cause.toString().replaceAll("\\s+", " ");
    }

    @Override
    public void remove() {
      try {
        within("remove " + bundle.getSymbolicName(), this::uninstall, FrameworkHost.this::refresh);
      } catch (TimeoutException e) {
        LOG.warn("{} does not stop within {}: it is taken away when it does", bundle, limit);
      } catch (BundleException e) {
        LOG.warn("{} cannot be taken away", bundle, e);
      }
      refresh();
    }

    private void removeLater() {
      uninstall();
      refresh();
    }

    private void uninstall() {
      try {
        if (bundle.getState() != Bundle.UNINSTALLED) {
          bundle.uninstall();
        }
      } catch (BundleException | IllegalStateException e) {
        LOG.warn("{} cannot be taken away", bundle, e);
      }
    }

    @Override
    public boolean runs() {
      int state = bundle.getState();
      // With a lazy activation policy it is starting until a class of it is used.
      return state == Bundle.ACTIVE || state == Bundle.STARTING;
    }
  }
}
