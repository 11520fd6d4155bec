package spark.jobserver.testkit;

import java.io.IOException;
import java.io.InputStream;
import java.net.URI;
import java.net.URISyntaxException;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.TreeMap;
import java.util.stream.Stream;
import org.osgi.framework.Bundle;
import org.osgi.framework.BundleException;
import org.osgi.framework.Constants;
import org.osgi.framework.ServiceReference;
import org.osgi.framework.launch.Framework;
import org.osgi.framework.launch.FrameworkFactory;
import org.osgi.framework.namespace.PackageNamespace;
import org.osgi.framework.wiring.BundleWire;
import org.osgi.framework.wiring.BundleWiring;
import spark.jobserver.api.context.ContextFactory;
import spark.jobserver.boot.SparkFrameworkFactory;

/**
 * A framework with what a driver's has, in the process of the tests: Spark's packages, the API, the
 * component runtime, and the bundle that runs Python.
 */
final class DriverFramework {
  /** What tests and bundles have in common comes from the tests' class path. */
  private static final List<String> COMMON = List.of("jobserver.api", "com.typesafe.config");

  private static final String PYTHON = "jobserver.context.python";

  /** Of these a driver's own are within this jar; see bnd.bnd. */
  private static final List<String> BUNDLES = List.of("function", "promise", "component", "scr");

  private static final long PATIENCE = 30_000;

  private final SparkClasses spark;
  private final Framework framework;
  private final Set<Bundle> base = new LinkedHashSet<>();

  private DriverFramework(SparkClasses spark, Framework framework) {
    this.spark = spark;
    this.framework = framework;
  }

  /**
   * Starts one.
   *
   * @param sparkHome the folder of a Spark
   * @param storage a folder of its own
   */
  static DriverFramework start(String sparkHome, Path storage) throws Exception {
    ClassLoader tests = DriverFramework.class.getClassLoader();
    ClassPathBundles bundles = new ClassPathBundles(tests);
    SparkClasses spark =
        new SparkClasses(
            SparkFrameworkFactory.jars(sparkHome), jarOf(SparkFrameworkFactory.class), tests);
    requireOpen(spark);
    Map<String, String> properties = new HashMap<>();
    properties.put(SparkFrameworkFactory.SPARK_HOME, sparkHome);
    properties.put(Constants.FRAMEWORK_STORAGE, storage.toString());
    properties.put(
        Constants.FRAMEWORK_SYSTEMPACKAGES_EXTRA,
        String.join(",", COMMON.stream().map(bundles::exports).toList()));
    FrameworkFactory factory =
        (FrameworkFactory)
            spark.loadClass(SparkFrameworkFactory.class.getName()).getConstructor().newInstance();
    DriverFramework started = new DriverFramework(spark, factory.newFramework(properties));
    started.framework.start();
    for (String name : BUNDLES) {
      started.base.add(started.installOwn(name));
    }
    started.base.add(started.install(bundles.jar(PYTHON)));
    for (Bundle bundle : started.base) {
      bundle.start();
    }
    return started;
  }

  private static Path jarOf(Class<?> type) throws URISyntaxException {
    return Path.of(type.getProtectionDomain().getCodeSource().getLocation().toURI());
  }

  private static void requireOpen(ClassLoader spark) {
    if (!Object.class.getModule().isOpen("sun.nio.ch", spark.getUnnamedModule())) {
      throw new AssertionError(
          "The JVM of the tests lacks the options that Spark needs: give it those that the pom.xml of"
              + " a new plugin has in <argLine>, --add-opens=java.base/sun.nio.ch=ALL-UNNAMED among"
              + " them");
    }
  }

  /** What loaded Spark. */
  ClassLoader spark() {
    return spark;
  }

  private Bundle installOwn(String name) throws BundleException, IOException {
    try (InputStream in = getClass().getResourceAsStream("bundles/" + name + ".jar")) {
      return framework.getBundleContext().installBundle("testkit:" + name, in);
    }
  }

  /** Installs a bundle, which is not started. */
  Bundle install(Path jar) throws BundleException {
    return framework.getBundleContext().installBundle("reference:" + jar.toUri());
  }

  /**
   * The names under which a bundle that was started offers context factories; empty when there is
   * none within half a minute.
   */
  static Map<String, ServiceReference<?>> factories(Bundle bundle) throws InterruptedException {
    long end = System.nanoTime() + PATIENCE * 1_000_000;
    Map<String, ServiceReference<?>> found = offered(bundle);
    while (found.isEmpty() && System.nanoTime() - end < 0) {
      Thread.sleep(20);
      found = offered(bundle);
    }
    return found;
  }

  private static Map<String, ServiceReference<?>> offered(Bundle bundle) {
    Map<String, ServiceReference<?>> found = new TreeMap<>();
    ServiceReference<?>[] references = bundle.getRegisteredServices();
    for (ServiceReference<?> reference :
        references == null ? new ServiceReference<?>[0] : references) {
      if (List.of((String[]) reference.getProperty(Constants.OBJECTCLASS))
          .contains(ContextFactory.class.getName())) {
        found.put(String.valueOf(reference.getProperty(ContextFactory.NAME)), reference);
      }
    }
    return found;
  }

  /** The factory behind a reference. */
  ContextFactory service(ServiceReference<?> reference) {
    Object service = framework.getBundleContext().getService(reference);
    if (service == null) {
      throw new AssertionError(
          "The component of the factory cannot be made: see what the framework has said above");
    }
    return (ContextFactory) service;
  }

  /** The bundle with the session factory. */
  Bundle python() {
    return base.stream()
        .filter(bundle -> bundle.getSymbolicName().equals(PYTHON))
        .findFirst()
        .orElseThrow();
  }

  /** The jars that a bundle's wiring needs, its own first: what a driver would be sent. */
  List<Path> needs(Bundle bundle) {
    Set<Bundle> needed = new LinkedHashSet<>();
    collect(bundle, needed);
    List<Path> jars = new ArrayList<>();
    for (Bundle one : needed) {
      jars.add(Path.of(URI.create(one.getLocation().substring("reference:".length()))));
    }
    return jars;
  }

  private void collect(Bundle bundle, Set<Bundle> needed) {
    boolean runtime = base.contains(bundle) && !bundle.equals(python());
    if (bundle.getBundleId() != 0 && !runtime && needed.add(bundle)) {
      Stream.ofNullable(bundle.adapt(BundleWiring.class))
          .flatMap(wiring -> wiring.getRequiredWires(PackageNamespace.PACKAGE_NAMESPACE).stream())
          .map(BundleWire::getProvider)
          .forEach(provider -> collect(provider.getBundle(), needed));
    }
  }

  /** Stops it and all its bundles. */
  void stop() throws BundleException, InterruptedException, IOException {
    framework.stop();
    framework.waitForStop(PATIENCE);
    spark.close();
  }
}
