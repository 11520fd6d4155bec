package spark.jobserver.gate;

import jakarta.servlet.ServletContext;
import java.util.List;
import java.util.concurrent.CopyOnWriteArrayList;
import java.util.concurrent.TimeUnit;
import org.eclipse.jetty.ee10.servlet.ServletContextHandler;
import org.eclipse.jetty.server.Connector;
import org.eclipse.jetty.server.NetworkConnectionLimit;
import org.eclipse.jetty.server.ServerConnector;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Has Jetty hold no more connections than are allowed: those that come then wait until others have
 * gone, which they do sooner when nothing is said on them. Connections that are older than the
 * count are not in it.
 */
final class JettyConnections {
  private static final Logger LOG = LoggerFactory.getLogger(JettyConnections.class);

  /** How long a connection may be silent while there are as many as are allowed, in ms. */
  private static final long SILENCE_MILLIS = 5_000;

  private final List<NetworkConnectionLimit> limits = new CopyOnWriteArrayList<>();
  private volatile int most;

  JettyConnections(int most) {
    this.most = most;
  }

  /**
   * Allows this many at a time; those that are there stay, and those that wait do until one goes.
   */
  void allow(int next) {
    most = next;
    limits.forEach(limit -> limit.setMaxNetworkConnectionCount(next));
  }

  /**
   * How many are allowed.
   *
   * @throws IllegalArgumentException naming the key when none are
   */
  static int allowed(GateConfig config) {
    int most = config.max$_$connections();
    if (most < 1) {
      throw new IllegalArgumentException(
          GateConfig.PID + ".max-connections must be at least 1, not " + most);
    }
    return most;
  }

  /** Is told of Jetty when it has begun. Throws nothing. */
  void adopt(ServletContext context) {
    limits.clear();
    try {
      Connector[] connectors =
          ServletContextHandler.getServletContextHandler(context).getServer().getConnectors();
      for (Connector connector : connectors) {
        if (connector instanceof ServerConnector open) {
          limits.add(limited(open));
        }
      }
    } catch (Exception | LinkageError e) {
      LOG.warn("any number of connections is allowed", e);
    }
  }

  private NetworkConnectionLimit limited(ServerConnector connector) throws Exception {
    NetworkConnectionLimit limit = new Limit(most, connector);
    limit.setEndPointIdleTimeout(SILENCE_MILLIS);
    limit.start();
    // The connector itself registers only those that it had when it started.
    connector.getSelectorManager().addEventListener(limit);
    return limit;
  }

  /** Jetty's, which says so each time, in a word of ours a minute. */
  private static final class Limit extends NetworkConnectionLimit {
    private static final long SILENCE_NANOS = TimeUnit.MINUTES.toNanos(1);

    /** Guarded by Jetty's lock, as {@link #limit} is called under it. */
    private long said = System.nanoTime() - SILENCE_NANOS;

    Limit(int most, Connector connector) {
      super(most, connector);
    }

    @Override
    protected void limit() {
      super.limit();
      if (System.nanoTime() - said >= SILENCE_NANOS) {
        said = System.nanoTime();
        LOG.warn(
            "there are {} connections: others wait ({}.max-connections)",
            getMaxNetworkConnectionCount(),
            GateConfig.PID);
      }
    }
  }
}
