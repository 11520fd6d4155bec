package spark.jobserver.plugins;

import java.io.IOException;
import java.io.InputStream;
import java.net.URISyntaxException;
import java.nio.file.Path;
import java.time.Clock;
import java.time.Duration;
import java.util.List;
import java.util.Optional;
import org.osgi.framework.BundleContext;
import org.osgi.framework.Constants;
import org.osgi.framework.FrameworkEvent;
import org.osgi.framework.FrameworkListener;
import org.osgi.framework.startlevel.FrameworkStartLevel;
import org.osgi.service.component.annotations.Activate;
import org.osgi.service.component.annotations.Component;
import org.osgi.service.component.annotations.Deactivate;
import spark.jobserver.api.server.Plugins;
import spark.jobserver.boot.Startup;

/**
 * The plugins of the server's distribution, from when everything of the server's own has started;
 * none in a server that was started without.
 */
@Component(service = Plugins.class, immediate = true)
public final class WatchedPlugins implements Plugins {
  private static final Duration PAUSE = Duration.ofMillis(250);

  /** How long a plugin may take to start or to stop. */
  private static final Duration LIMIT = Duration.ofSeconds(5);

  private final BundleContext context;
  private final int startLevel;
  private final Plugins plugins;
  private final Optional<FolderPlugins> watched;
  private final FrameworkListener starter = this::levelChanged;
  private boolean watching;

  /**
   * Makes what watches the folder.
   *
   * @throws IOException when what was kept of plugins cannot be read
   */
  @Activate
  public WatchedPlugins(BundleContext context) throws IOException {
    this.context = context;
    this.startLevel = Integer.parseInt(context.getProperty("jobserver.plugins.start-level"));
    Path folder = path("jobserver.home").resolve("plugins");
    Clock clock = Clock.systemUTC();
    if (Boolean.parseBoolean(context.getProperty("jobserver.safe-mode"))) {
      this.plugins = new SafeMode(folder, clock);
      this.watched = Optional.empty();
    } else {
      FolderPlugins made = watch(folder, clock);
      this.plugins = made;
      this.watched = Optional.of(made);
      context.addFrameworkListener(starter);
      watchIfStarted();
    }
  }

  private FolderPlugins watch(Path folder, Clock clock) throws IOException {
    Path kept = path("jobserver.data").resolve("plugins");
    Path spark = path("jobserver.spark.home");
    Check process =
        new CheckProcess(
            path("jobserver.home"),
            bootJar(),
            spark,
            path("jobserver.cache"),
            kept.resolve("checks"));
    return new FolderPlugins(
        folder,
        new RevisionStore(kept),
        new KnownGood(process, kept, Surroundings.of(path("jobserver.home"), spark)),
        new FrameworkHost(context, startLevel, LIMIT),
        Memory.of(kept.resolve("memory.json")),
        clock);
  }

  private Path path(String property) {
    return Path.of(context.getProperty(property));
  }

  /** The jar that the server's main program is in, for there the check's is, too. */
  private static Path bootJar() throws IOException {
    try {
      return Path.of(Startup.class.getProtectionDomain().getCodeSource().getLocation().toURI());
    } catch (URISyntaxException e) {
      throw new IOException(e);
    }
  }

  private void levelChanged(FrameworkEvent event) {
    if (event.getType() == FrameworkEvent.STARTLEVEL_CHANGED) {
      watchIfStarted();
    }
  }

  private synchronized void watchIfStarted() {
    int level =
        context
            .getBundle(Constants.SYSTEM_BUNDLE_LOCATION)
            .adapt(FrameworkStartLevel.class)
            .getStartLevel();
    if (level >= startLevel && !watching) {
      watching = true;
      watched.ifPresent(made -> made.watch(PAUSE));
    }
  }

  @Deactivate
  void stop() {
    context.removeFrameworkListener(starter);
    watched.ifPresent(FolderPlugins::close);
  }

  @Override
  public List<Plugin> list() {
    return plugins.list();
  }

  @Override
  public Optional<Plugin> find(String name) {
    return plugins.find(name);
  }

  @Override
  public Report check(InputStream jar) throws IOException {
    return plugins.check(jar);
  }

  @Override
  public Plugin install(String name, InputStream jar) throws IOException {
    return plugins.install(name, jar);
  }

  @Override
  public Plugin rollBack(String name) {
    return plugins.rollBack(name);
  }

  @Override
  public void remove(String name) {
    plugins.remove(name);
  }
}
