package spark.jobserver.health;

import java.time.Duration;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import org.apache.felix.hc.api.HealthCheck;
import org.osgi.framework.Bundle;
import org.osgi.framework.BundleContext;
import org.osgi.framework.Constants;
import org.osgi.framework.ServiceReference;
import org.osgi.service.component.annotations.Activate;
import org.osgi.service.component.annotations.Component;
import org.osgi.service.component.annotations.Deactivate;
import org.osgi.service.component.annotations.Reference;
import org.osgi.service.component.annotations.ReferenceCardinality;
import org.osgi.service.component.annotations.ReferencePolicy;
import org.osgi.service.component.annotations.ReferencePolicyOption;
import org.osgi.util.tracker.ServiceTracker;
import spark.jobserver.api.server.Plugins;

/**
 * The health checks that bundles have published, plugins too, as they come and go; and for each
 * plugin a check that it runs. One with the tag {@code ready} keeps the server from being ready as
 * long as it is not well.
 */
@Component(service = PublishedChecks.class)
public final class PublishedChecks {
  static final String READY = "ready";

  private static final Duration PATIENCE = Duration.ofSeconds(5);
  private static final Duration FRESH = Duration.ofSeconds(1);

  private final ServiceTracker<HealthCheck, HealthCheck> tracker;
  private final Checks checks = new Checks(PATIENCE, FRESH);

  @Reference(
      cardinality = ReferenceCardinality.OPTIONAL,
      policy = ReferencePolicy.DYNAMIC,
      policyOption = ReferencePolicyOption.GREEDY)
  volatile Plugins plugins;

  @Activate
  public PublishedChecks(BundleContext context) {
    this.tracker = new ServiceTracker<>(context, HealthCheck.class, null);
    tracker.open();
  }

  /** What they say now, or have said a moment ago. Waits for some seconds at the most. */
  List<CheckResult> results() {
    List<Checks.Check> all = new ArrayList<>();
    for (Map.Entry<ServiceReference<HealthCheck>, HealthCheck> one :
        tracker.getTracked().entrySet()) {
      ServiceReference<HealthCheck> reference = one.getKey();
      all.add(new Checks.Check(name(reference), isNeeded(reference), one.getValue()));
    }
    List<CheckResult> results = new ArrayList<>(checks.results(all));
    Optional.ofNullable(plugins).map(PluginResults::of).ifPresent(results::addAll);
    return results;
  }

  private static String name(ServiceReference<HealthCheck> reference) {
    return Optional.ofNullable(reference.getProperty(HealthCheck.NAME))
        .map(Object::toString)
        .orElseGet(
            () ->
                // It has none once its service is gone.
                Optional.ofNullable(reference.getBundle()).map(Bundle::getSymbolicName).orElse("")
                    + "-"
                    + reference.getProperty(Constants.SERVICE_ID));
  }

  private static boolean isNeeded(ServiceReference<HealthCheck> reference) {
    Object tags = reference.getProperty(HealthCheck.TAGS);
    return READY.equals(tags)
        || (tags instanceof String[] several && Arrays.asList(several).contains(READY));
  }

  @Deactivate
  void close() {
    tracker.close();
    checks.close();
  }
}
