package spark.jobserver.boot;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.jar.JarFile;
import org.apache.felix.framework.Felix;
import org.osgi.framework.Bundle;
import org.osgi.framework.BundleContext;
import org.osgi.framework.BundleException;
import org.osgi.framework.Constants;
import org.osgi.framework.wiring.FrameworkWiring;

/**
 * The check of a plugin: its file, whether it resolves against the server's bundles and Spark, and
 * whether it starts and stops. For a process that ends afterwards.
 */
final class PluginCheck {
  /** Who has to be up that components come to life. */
  private static final Set<String> STARTED =
      Set.of("org.apache.felix.scr", "org.apache.felix.configadmin");

  private final Path home;
  private final SparkHome spark;
  private final Optional<Path> cache;
  private final Findings findings;

  /**
   * @param home the distribution
   * @param cache where what is known of Spark's jars is kept
   */
  PluginCheck(Path home, SparkHome spark, Optional<Path> cache, Findings findings) {
    this.home = home;
    this.spark = spark;
    this.cache = cache;
    this.findings = findings;
  }

  /**
   * Checks a plugin.
   *
   * @param beside the other plugins
   * @throws IOException when the server's own bundles or Spark's jars cannot be read
   */
  void run(Path jar, List<Path> beside) throws IOException {
    List<Path> own = BundleHost.jars(home.resolve("bundles/server"));
    if (own.isEmpty()) {
      throw new IOException("there are no bundles in " + home.resolve("bundles/server"));
    }
    Set<String> names = new HashSet<>();
    for (Path bundle : own) {
      names.add(symbolicName(bundle));
    }
    if (!new PluginArchive(findings, names).check(jar)) {
      return;
    }
    try {
      check(jar, beside, own);
    } catch (BundleException e) {
      findings.problem("It cannot be checked: " + e.getMessage());
    }
  }

  private static String symbolicName(Path bundle) throws IOException {
    try (JarFile jar = new JarFile(bundle.toFile())) {
      String name =
          jar.getManifest() == null
              ? null
              : jar.getManifest().getMainAttributes().getValue(Constants.BUNDLE_SYMBOLICNAME);
      return name == null ? "" : name.split(";", 2)[0].strip();
    }
  }

  private void check(Path jar, List<Path> beside, List<Path> own)
      throws IOException, BundleException {
    SparkPackages packages = SparkPackages.of(spark.jars(), cache);
    Map<String, Object> properties = new HashMap<>();
    properties.put(
        Constants.FRAMEWORK_SYSTEMPACKAGES_EXTRA, packages.systemPackages(OwnExports.of(own)));
    Path temporary = Files.createTempDirectory("plugin-check");
    properties.put(Constants.FRAMEWORK_STORAGE, temporary.resolve("felix").toString());
    // What components ask of the server's framework; their data they find nowhere here.
    properties.put("jobserver.home", home.toString());
    properties.put("jobserver.data", temporary.resolve("data").toString());
    properties.put("jobserver.spark.home", spark.folder().toString());
    properties.put("jobserver.spark.version", spark.version());
    properties.put(Constants.FRAMEWORK_BSNVERSION, Constants.FRAMEWORK_BSNVERSION_MULTIPLE);
    properties.put("felix.service.urlhandlers", "false");
    // Why something does not resolve is told by the model.
    properties.put("felix.log.level", "0");
    Felix framework = new Felix(properties);
    framework.init();
    BundleContext context = framework.getBundleContext();
    List<Bundle> server = new ArrayList<>();
    for (Path bundle : own) {
      server.add(install(context, bundle));
    }
    List<Bundle> others = new ArrayList<>();
    for (Path other : beside) {
      others.add(install(context, other));
    }
    Bundle plugin;
    try {
      plugin = install(context, jar);
    } catch (BundleException e) {
      findings.problem("It cannot be installed: " + e.getMessage());
      return;
    }
    framework.start();
    FrameworkWiring wiring = framework.adapt(FrameworkWiring.class);
    if (!wiring.resolveBundles(List.of(plugin))) {
      new PluginImports(framework, findings, spark.version()).explain(plugin);
      return;
    }
    for (Bundle bundle : server) {
      if (STARTED.contains(bundle.getSymbolicName())) {
        bundle.start();
      }
    }
    ServerOffers offers = new ServerOffers(server, others);
    new PluginTrial(plugin, new PluginServices(plugin, offers, findings), findings).run();
  }

  /** From where it lies, without a copy. */
  private static Bundle install(BundleContext context, Path jar) throws BundleException {
    return context.installBundle("reference:" + jar.toUri());
  }
}
