package spark.jobserver.driver;

import java.time.Duration;
import java.util.ArrayList;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Set;
import org.osgi.framework.Bundle;
import org.osgi.framework.BundleContext;
import org.osgi.framework.BundleException;
import org.osgi.framework.Constants;
import org.osgi.framework.InvalidSyntaxException;
import org.osgi.framework.ServiceReference;
import org.osgi.framework.wiring.BundleWire;
import org.osgi.framework.wiring.BundleWiring;
import org.osgi.framework.wiring.FrameworkWiring;
import org.osgi.util.tracker.ServiceTracker;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;
import spark.jobserver.api.context.ContextFactory;

/** Factories that come as services of bundles. */
final class BundleFactories implements Factories {
  private static final Logger LOG = LoggerFactory.getLogger(BundleFactories.class);

  private final BundleContext context;
  private final Duration patience;

  /**
   * @param patience how long to wait for the factory after its bundle was started
   */
  BundleFactories(BundleContext context, Duration patience) {
    this.context = context;
    this.patience = patience;
  }

  @Override
  public Factory install(String name, List<Jar> jars)
      throws BundleException, InvalidSyntaxException, InterruptedException {
    List<Bundle> bundles = new ArrayList<>();
    for (Jar jar : jars) {
      bundles.add(install(jar));
    }
    context.getBundle(0).adapt(FrameworkWiring.class).resolveBundles(bundles);
    for (Bundle bundle : dependenciesFirst(bundles)) {
      if (bundle.getHeaders().get(Constants.FRAGMENT_HOST) == null) {
        bundle.start(Bundle.START_ACTIVATION_POLICY);
        LOG.info("bundle {} {} started", bundle.getSymbolicName(), bundle.getVersion());
      }
    }
    return find(name);
  }

  private Bundle install(Jar jar) throws BundleException {
    for (Bundle present : context.getBundles()) {
      if (present.getSymbolicName().equals(jar.bundle().symbolicName())
          && present.getVersion().toString().equals(jar.bundle().version())) {
        return present;
      }
    }
    return context.installBundle("reference:" + jar.file().toUri());
  }

  private static Set<Bundle> dependenciesFirst(List<Bundle> bundles) {
    Set<Bundle> ordered = new LinkedHashSet<>();
    Set<Bundle> seen = new LinkedHashSet<>();
    bundles.forEach(bundle -> visit(bundle, bundles, seen, ordered));
    return ordered;
  }

  private static void visit(
      Bundle bundle, List<Bundle> among, Set<Bundle> seen, Set<Bundle> ordered) {
    if (!among.contains(bundle) || !seen.add(bundle)) {
      return;
    }
    BundleWiring wiring = bundle.adapt(BundleWiring.class);
    if (wiring != null) {
      for (BundleWire wire : wiring.getRequiredWires(null)) {
        visit(wire.getProvider().getBundle(), among, seen, ordered);
      }
    }
    ordered.add(bundle);
  }

  private Factory find(String name) throws InvalidSyntaxException, InterruptedException {
    String value = name.replaceAll("[\\\\*()]", "\\\\$0");
    ServiceTracker<ContextFactory, ContextFactory> services =
        new ServiceTracker<>(
            context,
            context.createFilter(
                "(&(%s=%s)(%s=%s))"
                    .formatted(
                        Constants.OBJECTCLASS,
                        ContextFactory.class.getName(),
                        ContextFactory.NAME,
                        value)),
            null);
    services.open();
    ContextFactory service = services.waitForService(patience.toMillis());
    ServiceReference<ContextFactory> reference = services.getServiceReference();
    if (service == null || reference == null) {
      services.close();
      throw new IllegalStateException(
          "None of its bundles offers the context factory %s within %d s: the driver's log may say why"
              .formatted(name, patience.toSeconds()));
    }
    // The tracker stays open: the component lives for as long as somebody uses it.
    return new Factory(service, reference.getBundle().adapt(BundleWiring.class).getClassLoader());
  }
}
