package spark.jobserver.shell;

import org.osgi.framework.BundleContext;
import org.osgi.util.tracker.ServiceTracker;

/** A service that comes and goes. */
final class Current<T> implements AutoCloseable {
  /** What gives the service of now. */
  @FunctionalInterface
  interface Source<T> {
    /**
     * The service.
     *
     * @throws CommandFailed when there is none
     */
    T get() throws CommandFailed;
  }

  private final ServiceTracker<T, T> tracker;
  private final String absent;

  /**
   * A service.
   *
   * @param absent what to say while there is none
   */
  Current(BundleContext context, Class<T> type, String absent) {
    this.tracker = new ServiceTracker<>(context, type, null);
    this.absent = absent;
    tracker.open();
  }

  T get() throws CommandFailed {
    T service = tracker.getService();
    if (service == null) {
      throw new CommandFailed(absent);
    }
    return service;
  }

  @Override
  public void close() {
    tracker.close();
  }
}
