package routes;

import jakarta.servlet.Servlet;
import java.util.Dictionary;
import java.util.Hashtable;
import java.util.Map;
import org.osgi.framework.BundleActivator;
import org.osgi.framework.BundleContext;
import org.osgi.service.servlet.context.ServletContextHelper;

/**
 * A plugin with each kind of thing that answers HTTP: a servlet, one with a context of its own,
 * files, a REST resource. It knows nothing of the gate.
 */
public final class Activator implements BundleActivator {
  private static final String WHITEBOARD = "osgi.http.whiteboard.";
  private static final String CONTEXT = WHITEBOARD + "context.";

  @Override
  public void start(BundleContext bundle) {
    bundle.registerService(
        Servlet.class,
        new Routes(bundle),
        properties(Map.of(WHITEBOARD + "servlet.pattern", "/plugin/routes")));
    bundle.registerService(
        ServletContextHelper.class,
        new ServletContextHelper(bundle.getBundle()) {},
        properties(Map.of(CONTEXT + "name", "own", CONTEXT + "path", "/own")));
    bundle.registerService(
        Servlet.class,
        new Routes(bundle),
        properties(
            Map.of(
                WHITEBOARD + "servlet.pattern",
                "/*",
                CONTEXT + "select",
                "(" + CONTEXT + "name=own)")));
    bundle.registerService(
        Object.class,
        new Object(),
        properties(
            Map.of(
                WHITEBOARD + "resource.pattern",
                "/plugin/files/*",
                WHITEBOARD + "resource.prefix",
                "/files")));
    bundle.registerService(
        Echo.class, new Echo(), properties(Map.of("osgi.jakartars.resource", "true")));
  }

  private static Dictionary<String, Object> properties(Map<String, String> values) {
    return new Hashtable<>(values);
  }

  @Override
  public void stop(BundleContext bundle) {
    // The framework takes the services away.
  }
}
