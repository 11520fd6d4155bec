package spark.jobserver.config;

import com.typesafe.config.Config;
import com.typesafe.config.ConfigException;
import java.io.IOException;
import java.util.HashMap;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.TreeMap;
import java.util.stream.Collectors;
import org.osgi.annotation.bundle.Capability;
import org.osgi.framework.Bundle;
import org.osgi.framework.BundleContext;
import org.osgi.framework.BundleEvent;
import org.osgi.framework.FrameworkEvent;
import org.osgi.framework.FrameworkListener;
import org.osgi.framework.ServiceRegistration;
import org.osgi.service.cm.ConfigurationAdmin;
import org.osgi.service.component.annotations.Activate;
import org.osgi.service.component.annotations.Component;
import org.osgi.service.component.annotations.Deactivate;
import org.osgi.service.component.annotations.Reference;
import org.osgi.util.tracker.BundleTracker;
import org.osgi.util.tracker.BundleTrackerCustomizer;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;
import spark.jobserver.api.server.Settings;
import spark.jobserver.boot.Startup;

/**
 * Turns the one configuration file into the configurations of the components, and publishes {@link
 * Settings} when it is sound; otherwise the server does not start. {@link Entries} has the rule by
 * which keys become configurations.
 *
 * <p>Bundles come and go: each that has a {@code reference.conf} is merged in and taken out again.
 * A plugin that comes later cannot end the server: a value in the file that is wrong for one of the
 * plugin's keys is logged, and the plugin's block becomes no configuration.
 *
 * <p>In a driver there is no file, and no HTTP to configure.
 */
@Component(
    immediate = true,
    service = {})
@Capability(
    namespace = "osgi.service",
    attribute = "objectClass:List<String>=\"spark.jobserver.api.server.Settings\"",
    effective = "active")
public final class Configurator
    implements BundleTrackerCustomizer<ReferenceConf>, FrameworkListener {
  private static final Logger LOG = LoggerFactory.getLogger(Configurator.class);

  private final BundleContext context;
  private final boolean server;
  private final EntryWriter writer;
  private final BundleTracker<ReferenceConf> tracker;
  private final Optional<ServiceRegistration<Settings>> settings;

  /** Guarded by this, as all below. */
  private final Map<Long, ReferenceConf> references = new HashMap<>();

  /** What has been logged, so that it is logged once. */
  private final Set<String> said = new HashSet<>();

  /** The server's file, while its configurations are kept up to date. */
  private Optional<Config> file = Optional.empty();

  private Optional<HttpAddress> address = Optional.empty();
  private volatile Merge merge;

  /**
   * Reads the file, checks it against the bundles that are there, and makes the configurations.
   *
   * @throws IOException when Configuration Admin cannot be read
   */
  @Activate
  public Configurator(
      BundleContext context,
      @Reference ConfigurationAdmin configurationAdmin,
      @Reference Startup startup)
      throws IOException {
    this.context = context;
    this.server = context.getProperty("jobserver.data") != null;
    this.writer = new EntryWriter(configurationAdmin);
    this.tracker =
        new BundleTracker<>(
            context, Bundle.RESOLVED | Bundle.STARTING | Bundle.ACTIVE | Bundle.STOPPING, this);
    Optional<Refusal> refusal = start();
    refusal.ifPresent(why -> startup.failed(why.exitCode(), why.message()));
    if (refusal.isPresent()) {
      this.settings = Optional.empty();
    } else {
      context.addFrameworkListener(this);
      Settings current = () -> merge.config();
      this.settings = Optional.of(context.registerService(Settings.class, current, null));
    }
  }

  /** Stops following bundles. The configurations stay, for those who use them. */
  @Deactivate
  void deactivate() {
    synchronized (this) {
      file = Optional.empty();
    }
    context.removeFrameworkListener(this);
    settings.ifPresent(ServiceRegistration::unregister);
    tracker.close();
  }

  @Override
  public ReferenceConf addingBundle(Bundle bundle, BundleEvent event) {
    try {
      Optional<ReferenceConf> reference = ReferenceConf.of(bundle);
      reference.ifPresent(this::add);
      return reference.orElse(null);
    } catch (ConfigException | IOException e) {
      refuse(
          new Merge.Refused(bundle.getSymbolicName() + " " + bundle.getVersion(), e.getMessage()));
      return null;
    }
  }

  @Override
  public void modifiedBundle(Bundle bundle, BundleEvent event, ReferenceConf reference) {
    // What a bundle says does not change while it is started and stopped.
  }

  @Override
  public void removedBundle(Bundle bundle, BundleEvent event, ReferenceConf reference) {
    synchronized (this) {
      references.remove(reference.id());
      update();
    }
  }

  /** The plugins are up when the framework has reached its last start level. */
  @Override
  public void frameworkEvent(FrameworkEvent event) {
    if (event.getType() == FrameworkEvent.STARTLEVEL_CHANGED) {
      synchronized (this) {
        Check.of(merge).unknown().stream()
            .map(Check.Finding::message)
            .filter(said::add)
            .forEach(LOG::warn);
      }
    }
  }

  private Optional<Refusal> start() {
    try {
      Config read = ServerFile.read(context);
      tracker.open();
      synchronized (this) {
        Merge first = merge(read);
        Optional<Refusal> refusal = refusal(first);
        if (refusal.isEmpty()) {
          if (server) {
            address = Optional.of(HttpAddress.of(first.config()));
          }
          adopt(first, List.of());
          file = Optional.of(read);
        }
        return refusal;
      }
    } catch (ConfigException e) {
      return Optional.of(Refusal.configuration(e.getMessage()));
    } catch (IOException e) {
      return Optional.of(Refusal.other("The configurations cannot be written: " + e));
    }
  }

  private Optional<Refusal> refusal(Merge first) {
    List<Check.Finding> wrong = Check.of(first).wrong();
    if (!wrong.isEmpty()) {
      return Optional.of(
          Refusal.configuration(
              wrong.stream().map(Check.Finding::message).collect(Collectors.joining("\n"))));
    }
    if (!server) {
      return Optional.empty();
    }
    return HttpAddress.wrongPort(first.config())
        .map(Refusal::configuration)
        .or(() -> HttpAddress.of(first.config()).problem().map(Refusal::address));
  }

  private synchronized void add(ReferenceConf reference) {
    references.put(reference.id(), reference);
    update();
  }

  /** After the bundles have changed; harmless before {@link #start} and after the end. */
  private synchronized void update() {
    if (file.isEmpty()) {
      return;
    }
    try {
      Merge next = merge(file.get());
      List<Check.Finding> wrong = Check.of(next).wrong();
      wrong.stream().map(Check.Finding::message).filter(said::add).forEach(LOG::error);
      adopt(next, wrong);
    } catch (ConfigException | IOException e) {
      LOG.error("The configuration stays as it was before the bundles changed: {}", e.getMessage());
    }
  }

  private synchronized Merge merge(Config over) {
    Merge next = Merge.of(over, List.copyOf(references.values()));
    next.refused().forEach(this::refuse);
    return next;
  }

  private synchronized void refuse(Merge.Refused refused) {
    if (said.add(refused.toString())) {
      LOG.error(
          "The reference.conf of bundle {} does not count: {}", refused.bundle(), refused.reason());
    }
  }

  private synchronized void adopt(Merge next, List<Check.Finding> wrong) throws IOException {
    Map<String, Map<String, Object>> entries = new TreeMap<>(Entries.of(next, wrong));
    address.map(HttpAddress::entries).ifPresent(entries::putAll);
    // Settings first: who gets a configuration may ask for them at once.
    merge = next;
    writer.write(entries);
  }
}
