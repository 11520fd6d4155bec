package spark.jobserver.gate;

import java.io.IOException;
import java.util.HashMap;
import java.util.Map;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.TimeUnit;
import org.osgi.framework.BundleContext;
import org.osgi.framework.FrameworkUtil;
import org.osgi.framework.ServiceReference;
import org.osgi.service.cm.ConfigurationAdmin;
import org.osgi.service.servlet.runtime.HttpServiceRuntime;
import org.osgi.util.tracker.ServiceTracker;

/**
 * The port on which the HTTP service listens. It does so only while its configuration says so, and
 * nobody else writes that. The HTTP service follows on a thread of its own; both methods wait for
 * it.
 */
final class HttpPort {
  private static final String PID = "org.apache.felix.http";
  private static final String ENABLE = PID + ".enable";

  /** Any bundle may use the configuration. */
  private static final String ANY_LOCATION = "?";

  private static final long PATIENCE_SECONDS = 10;

  private final BundleContext context;
  private final ConfigurationAdmin configurations;

  HttpPort(BundleContext context, ConfigurationAdmin configurations) {
    this.context = context;
    this.configurations = configurations;
  }

  /**
   * Opens it.
   *
   * @param port 0 for any free one
   * @param tls by which properties it speaks TLS; none for plain HTTP. It never speaks both
   * @return whether requests are answered now
   */
  boolean open(String host, int port, Map<String, String> tls)
      throws IOException, InterruptedException {
    Map<String, String> values = new HashMap<>(tls);
    boolean plain = tls.isEmpty();
    values.put(ENABLE, String.valueOf(plain));
    values.put("org.apache.felix.https.enable", String.valueOf(!plain));
    values.put(PID + ".host", host);
    values.put("org.osgi.service.http.port" + (plain ? "" : ".secure"), String.valueOf(port));
    values.put(PID + ".jetty.sendServerHeader", "false");
    // Names in paths may be any text: what is encoded in them is REST's to read.
    values.put("org.eclipse.jetty.UriComplianceMode", "LEGACY");
    return follows(true, values);
  }

  /**
   * Closes it.
   *
   * @return whether no request is answered any more
   */
  boolean close() throws IOException, InterruptedException {
    return follows(false, Map.of(ENABLE, "false"));
  }

  private boolean follows(boolean open, Map<String, String> values)
      throws IOException, InterruptedException {
    CountDownLatch follows = new CountDownLatch(1);
    Watch http = new Watch(context, open, follows);
    http.open();
    try {
      configurations
          .getConfiguration(PID, ANY_LOCATION)
          .updateIfDifferent(FrameworkUtil.asDictionary(values));
      if (!open && http.isEmpty()) {
        return true;
      }
      boolean seen = follows.await(PATIENCE_SECONDS, TimeUnit.SECONDS);
      return open ? seen : isGone();
    } finally {
      http.close();
    }
  }

  /** Waits until everybody has been told that the HTTP service goes, who may be many. */
  private boolean isGone() throws InterruptedException {
    long end = System.nanoTime() + TimeUnit.SECONDS.toNanos(PATIENCE_SECONDS);
    while (context.getServiceReference(HttpServiceRuntime.class) != null) {
      if (System.nanoTime() > end) {
        return false;
      }
      TimeUnit.MILLISECONDS.sleep(1);
    }
    return true;
  }

  /** Sees the HTTP service come, which it does when it answers, or go. */
  private static final class Watch
      extends ServiceTracker<HttpServiceRuntime, ServiceReference<HttpServiceRuntime>> {
    private final boolean coming;
    private final CountDownLatch seen;

    Watch(BundleContext context, boolean coming, CountDownLatch seen) {
      super(context, HttpServiceRuntime.class, null);
      this.coming = coming;
      this.seen = seen;
    }

    @Override
    public ServiceReference<HttpServiceRuntime> addingService(
        ServiceReference<HttpServiceRuntime> reference) {
      if (coming) {
        seen.countDown();
      }
      return reference;
    }

    @Override
    public void removedService(
        ServiceReference<HttpServiceRuntime> reference, ServiceReference<HttpServiceRuntime> same) {
      if (!coming) {
        seen.countDown();
      }
    }
  }
}
