package spark.jobserver.core.plugin;

import java.util.ArrayList;
import java.util.Comparator;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.ConcurrentHashMap;
import org.osgi.framework.Bundle;
import org.osgi.framework.ServiceReference;
import org.osgi.framework.namespace.PackageNamespace;
import org.osgi.framework.wiring.BundleWire;
import org.osgi.framework.wiring.BundleWiring;
import org.osgi.service.component.annotations.Activate;
import org.osgi.service.component.annotations.Component;
import org.osgi.service.component.annotations.Reference;
import org.osgi.service.component.annotations.ReferenceCardinality;
import org.osgi.service.component.annotations.ReferencePolicy;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;
import spark.jobserver.api.context.ContextFactory;
import spark.jobserver.api.server.ContextFactories;

/**
 * The context factories that are installed now. They are watched and never called here: a factory
 * makes contexts in drivers only. Their bundles' bytes are kept as soon as they come.
 */
@Component(service = {ContextFactories.class, InstalledFactories.class})
public final class InstalledFactories implements ContextFactories {
  private static final Logger LOG = LoggerFactory.getLogger(InstalledFactories.class);

  private final BundleStore store;
  private final DriverBundles driverBundles;
  private final Map<ServiceReference<ContextFactory>, String> factories = new ConcurrentHashMap<>();
  private final Arrivals arrivals = new Arrivals(factories::containsValue);

  @Activate
  public InstalledFactories(@Reference BundleStore store, @Reference DriverBundles driverBundles) {
    this.store = store;
    this.driverBundles = driverBundles;
  }

  @Reference(
      service = ContextFactory.class,
      cardinality = ReferenceCardinality.MULTIPLE,
      policy = ReferencePolicy.DYNAMIC)
  void add(ServiceReference<ContextFactory> factory) {
    if (factory.getProperty(ContextFactory.NAME) instanceof String name && !name.isEmpty()) {
      store.keep(factory.getBundle());
      factories.put(factory, name);
      LOG.info("context factory {} of {}: added", name, factory.getBundle());
      arrivals.of(name);
    } else {
      LOG.error(
          "{} registers a ContextFactory without the service property {}: it is left out",
          factory.getBundle(),
          ContextFactory.NAME);
    }
  }

  void remove(ServiceReference<ContextFactory> factory) {
    String name = factories.remove(factory);
    if (name != null) {
      LOG.info("context factory {}: removed", name);
    }
  }

  @Override
  public List<FactoryInfo> list() {
    return best().entrySet().stream()
        .map(entry -> info(entry.getKey(), entry.getValue()))
        .sorted(Comparator.comparing(FactoryInfo::name))
        .toList();
  }

  private static FactoryInfo info(String name, ServiceReference<ContextFactory> factory) {
    Bundle bundle = factory.getBundle();
    return bundle == null
        ? new FactoryInfo(name, "", "")
        : new FactoryInfo(name, bundle.getSymbolicName(), bundle.getVersion().toString());
  }

  /** Of several services of one name the one that OSGi ranks highest. */
  private Map<String, ServiceReference<ContextFactory>> best() {
    Map<String, ServiceReference<ContextFactory>> best = new ConcurrentHashMap<>();
    factories.forEach(
        (factory, name) ->
            best.merge(name, factory, (one, other) -> one.compareTo(other) > 0 ? one : other));
    return best;
  }

  /** The factory of this name with the bundles that its wiring needs at this moment. */
  public Optional<FactoryRevision> find(String name) {
    Optional<ServiceReference<ContextFactory>> found = Optional.ofNullable(best().get(name));
    boolean spares =
        found.filter(one -> Boolean.TRUE.equals(one.getProperty(ContextFactory.SPARE))).isPresent();
    return found
        .map(ServiceReference::getBundle)
        .map(bundle -> new FactoryRevision(name, files(bundle), spares));
  }

  /**
   * Completes when there is a factory of this name, on the thread that brings it; at once when it
   * is there.
   */
  public CompletableFuture<Void> arrival(String name) {
    return arrivals.await(name);
  }

  private List<BundleFile> files(Bundle factory) {
    Set<Bundle> needed = new LinkedHashSet<>();
    collect(factory, needed);
    List<BundleFile> files = new ArrayList<>();
    for (Bundle bundle : needed) {
      files.add(store.keep(bundle));
    }
    return files;
  }

  private void collect(Bundle bundle, Set<Bundle> needed) {
    boolean sent = bundle.getBundleId() != 0 && !driverBundles.contains(bundle.getSymbolicName());
    BundleWiring wiring = bundle.adapt(BundleWiring.class);
    if (sent && wiring != null && needed.add(bundle)) {
      for (BundleWire wire : wiring.getRequiredWires(PackageNamespace.PACKAGE_NAMESPACE)) {
        if (!driverBundles.offersPackage(packageOf(wire), wanted(wire))) {
          collect(wire.getProvider().getBundle(), needed);
        }
      }
    }
  }

  private static String wanted(BundleWire wire) {
    return wire.getRequirement().getDirectives().get(PackageNamespace.REQUIREMENT_FILTER_DIRECTIVE);
  }

  private static String packageOf(BundleWire wire) {
    return (String) wire.getCapability().getAttributes().get(PackageNamespace.PACKAGE_NAMESPACE);
  }
}
