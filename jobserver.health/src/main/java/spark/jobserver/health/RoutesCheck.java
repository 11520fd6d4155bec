package spark.jobserver.health;

import jakarta.ws.rs.Path;
import java.util.Arrays;
import java.util.Optional;
import java.util.Set;
import java.util.TreeSet;
import org.apache.felix.hc.api.HealthCheck;
import org.apache.felix.hc.api.Result;
import org.osgi.framework.BundleContext;
import org.osgi.framework.InvalidSyntaxException;
import org.osgi.framework.ServiceReference;
import org.osgi.service.component.annotations.Activate;
import org.osgi.service.component.annotations.Component;

/**
 * Whether the routes are there by which jobs are run: they come one by one. Looks at what is
 * published, for the whiteboard does not tell what it has taken; that it answers at all is shown by
 * the answer in which this stands.
 */
@Component(
    property = {HealthCheck.NAME + "=routes", HealthCheck.TAGS + "=" + PublishedChecks.READY})
public final class RoutesCheck implements HealthCheck {
  private static final String RESOURCES = "(osgi.jakartars.resource=true)";
  private static final Set<String> NEEDED = Set.of("/binaries", "/contexts", "/jobs");

  private final BundleContext context;

  @Activate
  public RoutesCheck(BundleContext context) {
    this.context = context;
  }

  @Override
  public Result execute() {
    Set<String> missing = new TreeSet<>(NEEDED);
    Arrays.stream(resources()).flatMap(one -> path(one).stream()).forEach(missing::remove);
    return missing.isEmpty()
        ? new Result(Result.Status.OK, "Routes are there")
        : new Result(
            Result.Status.TEMPORARILY_UNAVAILABLE, "Not there: " + String.join(", ", missing));
  }

  private ServiceReference<?>[] resources() {
    try {
      return Optional.ofNullable(context.getAllServiceReferences(null, RESOURCES))
          .orElse(new ServiceReference<?>[0]);
    } catch (InvalidSyntaxException e) {
      throw new IllegalStateException(e);
    }
  }

  private Optional<String> path(ServiceReference<?> resource) {
    Object service = context.getService(resource);
    if (service == null) {
      return Optional.empty();
    }
    try {
      return Optional.ofNullable(service.getClass().getAnnotation(Path.class)).map(Path::value);
    } finally {
      context.ungetService(resource);
    }
  }
}
