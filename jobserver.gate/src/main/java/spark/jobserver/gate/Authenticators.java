package spark.jobserver.gate;

import java.util.List;
import org.osgi.framework.BundleContext;
import org.osgi.util.tracker.ServiceTracker;
import spark.jobserver.api.auth.Authenticator;

/** The ways in which callers may tell who they are, as they come and go. */
final class Authenticators implements AutoCloseable {
  private final ServiceTracker<Authenticator, Authenticator> tracker;

  /** What {@link #now} told, and after how many changes. */
  private volatile Told told = new Told(-1, List.of());

  private record Told(int changes, List<Authenticator> authenticators) {}

  Authenticators(BundleContext context) {
    tracker = new ServiceTracker<>(context, Authenticator.class, null);
    tracker.open();
  }

  /** Those that are there now, in the order in which they are to be asked. */
  List<Authenticator> now() {
    Told last = told;
    int changes = tracker.getTrackingCount();
    if (last.changes() != changes) {
      // A tracker has the highest first.
      last = new Told(changes, List.copyOf(tracker.getTracked().values()));
      told = last;
    }
    return last.authenticators();
  }

  @Override
  public void close() {
    tracker.close();
  }
}
