package spark.jobserver.boot;

import java.io.IOException;
import java.nio.file.DirectoryStream;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.concurrent.atomic.AtomicReference;
import java.util.function.Consumer;
import org.apache.felix.framework.Felix;
import org.osgi.framework.Bundle;
import org.osgi.framework.BundleContext;
import org.osgi.framework.BundleEvent;
import org.osgi.framework.BundleException;
import org.osgi.framework.Constants;
import org.osgi.framework.SynchronousBundleListener;
import org.osgi.framework.launch.Framework;
import org.osgi.framework.startlevel.BundleStartLevel;
import org.osgi.framework.startlevel.FrameworkStartLevel;
import org.osgi.framework.wiring.FrameworkWiring;

/**
 * A framework and the bundles of a folder in it, from their start until the framework has stopped.
 *
 * <p>All of the folder's bundles must start, or the framework is stopped again. When they are up
 * the framework goes to {@link #PLUGIN_LEVEL}, where plugins start. Stopping goes the other way:
 * plugins, our own bundles, what they stand on, and last the loggers.
 */
final class BundleHost implements Startup {
  /** The start level of the bundles that an operator adds. */
  static final int PLUGIN_LEVEL = 20;

  /** What starts before the loggers logs nowhere. */
  private static final int LOGGER_LEVEL = 1;

  /** What is not ours. */
  private static final int BASE_LEVEL = 2;

  private static final int OWN_LEVEL = 3;

  /** What of the framework's own log is worth reading: errors and warnings. */
  private static final String LOG_LEVEL = "2";

  private record Failure(int exitCode, String message) {}

  private final Framework framework;
  private final Ending ending;
  private final Consumer<String> failures;
  private final AtomicReference<Failure> failure = new AtomicReference<>();
  private volatile boolean stopping;

  /**
   * Makes a framework that {@link #run} starts.
   *
   * @param properties the framework's properties, beside those that every one of ours has
   * @param storage the folder for its cache, which it empties first
   * @param ending how the process ends
   * @param failures who is told why the process cannot start or go on
   */
  BundleHost(
      Map<String, String> properties, Path storage, Ending ending, Consumer<String> failures) {
    Map<String, String> all = new HashMap<>(properties);
    all.put(Constants.FRAMEWORK_STORAGE, storage.toString());
    all.put(Constants.FRAMEWORK_BEGINNING_STARTLEVEL, String.valueOf(OWN_LEVEL));
    this.framework = framework(all);
    this.ending = ending;
    this.failures = failures;
  }

  /** A framework with these properties and those that every one of ours has. */
  static Framework framework(Map<String, String> properties) {
    Map<String, Object> all = new HashMap<>(properties);
    all.put(Constants.FRAMEWORK_STORAGE_CLEAN, Constants.FRAMEWORK_STORAGE_CLEAN_ONFIRSTINIT);
    all.put("felix.log.level", LOG_LEVEL);
    all.put("felix.log.logger", new FrameworkLog());
    // Spark sets the one factory of URL handlers that a JVM can have.
    all.put("felix.service.urlhandlers", "false");
    return new Felix(all);
  }

  /**
   * Starts the bundles of a folder and waits until the framework has stopped.
   *
   * @return what the process should exit with
   */
  int run(Path folder) throws BundleException, IOException, InterruptedException {
    framework.init();
    BundleContext context = framework.getBundleContext();
    context.addBundleListener((SynchronousBundleListener) this::watch);
    context.registerService(Startup.class, this, null);
    ending.onSignal(() -> stop(Ending.AFTER_SIGNAL));
    List<Bundle> bundles = install(folder);
    if (!stopping) {
      start(bundles);
    }
    framework.waitForStop(0);
    Failure why = failure.get();
    return why == null ? ExitCode.STOPPED.number() : why.exitCode();
  }

  @Override
  public void failed(int exitCode, String message) {
    if (failure.compareAndSet(null, new Failure(exitCode, message))) {
      failures.accept(message);
      new Thread(() -> stop(Ending.FROM_INSIDE), "stop").start();
    }
  }

  /** The jars in a folder, by name. */
  static List<Path> jars(Path folder) throws IOException {
    List<Path> jars = new ArrayList<>();
    if (Files.isDirectory(folder)) {
      try (DirectoryStream<Path> files = Files.newDirectoryStream(folder, "*.jar")) {
        files.forEach(jars::add);
      }
    }
    jars.sort(Comparator.naturalOrder());
    return jars;
  }

  /** Installs a folder's bundles; fragments need no start and are not among those returned. */
  private List<Bundle> install(Path folder) throws BundleException, IOException {
    List<Bundle> bundles = new ArrayList<>();
    for (Path jar : jars(folder)) {
      Bundle bundle = framework.getBundleContext().installBundle(jar.toUri().toString());
      if (bundle.getHeaders().get(Constants.FRAGMENT_HOST) == null) {
        bundle.adapt(BundleStartLevel.class).setStartLevel(level(bundle));
        bundles.add(bundle);
      }
    }
    bundles.sort(Comparator.comparingInt(BundleHost::level));
    return bundles;
  }

  /** The start level of a bundle of the folder. */
  private static int level(Bundle bundle) {
    String name = String.valueOf(bundle.getSymbolicName());
    if (name.startsWith("slf4j") || name.startsWith("ch.qos.logback")) {
      return LOGGER_LEVEL;
    }
    return name.startsWith("jobserver.") ? OWN_LEVEL : BASE_LEVEL;
  }

  private void start(List<Bundle> bundles) throws BundleException {
    // All are resolved before any starts: who looks at bundles when it starts, as the configuration
    // does, sees all.
    framework.adapt(FrameworkWiring.class).resolveBundles(bundles);
    framework.start();
    List<String> problems = new ArrayList<>();
    for (Bundle bundle : bundles) {
      try {
        bundle.start();
      } catch (BundleException | IllegalStateException e) {
        problems.add(problem(bundle, e));
      }
      if (stopping) {
        return;
      }
    }
    if (problems.isEmpty()) {
      framework.adapt(FrameworkStartLevel.class).setStartLevel(PLUGIN_LEVEL);
    } else {
      failed(
          ExitCode.FAILED.number(),
          "These bundles do not start:\n  " + String.join("\n  ", problems));
    }
  }

  private static String problem(Bundle bundle, Exception reason) {
    Throwable cause = reason;
    // An activator's own exception says more than the framework's around it.
    if (reason instanceof BundleException wrapped
        && wrapped.getType() == BundleException.ACTIVATOR_ERROR
        && wrapped.getCause() != null) {
      cause = wrapped.getCause();
    }
    String message = cause.getMessage() == null ? cause.toString() : cause.getMessage();
    return "%s %s: %s"
        .formatted(bundle.getSymbolicName(), bundle.getVersion(), message.replace('\n', ' '));
  }

  private void watch(BundleEvent event) {
    if (event.getType() == BundleEvent.STOPPING && event.getBundle().getBundleId() == 0) {
      stopping = true;
      ending.within(Ending.FROM_INSIDE);
    }
  }

  private void stop(Duration limit) {
    stopping = true;
    ending.within(limit);
    try {
      framework.stop();
    } catch (BundleException e) {
      System.err.printf("The framework does not stop: %s%n", e.getMessage());
    }
  }
}
