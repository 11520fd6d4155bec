package spark.jobserver.gate.integration.plugin;

import jakarta.servlet.Servlet;
import java.util.Map;
import org.osgi.framework.BundleActivator;
import org.osgi.framework.BundleContext;
import org.osgi.framework.FrameworkUtil;
import org.osgi.service.servlet.whiteboard.Preprocessor;

/** A bundle that answers HTTP by a servlet of its own, and has a preprocessor too. */
public final class ServletPlugin implements BundleActivator {
  @Override
  public void start(BundleContext context) {
    context.registerService(Preprocessor.class, new PluginPreprocessor(), null);
    context.registerService(
        Servlet.class,
        new PluginServlet(),
        FrameworkUtil.asDictionary(
            Map.of(
                "osgi.http.whiteboard.servlet.pattern",
                "/plugin/*",
                "osgi.http.whiteboard.servlet.asyncSupported",
                true)));
  }

  @Override
  public void stop(BundleContext context) {
    // The framework withdraws the service.
  }
}
