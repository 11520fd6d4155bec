package spark.jobserver.rest.integration.plugin;

import io.swagger.v3.oas.annotations.Operation;
import jakarta.ws.rs.GET;
import jakarta.ws.rs.Path;
import java.util.Map;
import org.osgi.framework.BundleActivator;
import org.osgi.framework.BundleContext;
import org.osgi.framework.FrameworkUtil;

/** A bundle that adds a route while it is started. */
public final class RoutePlugin implements BundleActivator {
  @Override
  public void start(BundleContext context) {
    context.registerService(
        Route.class,
        new Route(),
        FrameworkUtil.asDictionary(Map.of("osgi.jakartars.resource", true)));
  }

  @Override
  public void stop(BundleContext context) {
    // The framework withdraws the service.
  }

  /** {@code /plugin}. */
  @Path("/plugin")
  public static final class Route {
    @GET
    @Operation(operationId = "askPlugin", summary = "A plugin's route")
    public String get() {
      return "there";
    }
  }
}
