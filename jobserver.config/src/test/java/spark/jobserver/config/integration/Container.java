package spark.jobserver.config.integration;

import java.io.ByteArrayInputStream;
import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.io.InputStream;
import java.nio.charset.StandardCharsets;
import java.nio.file.DirectoryStream;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.ServiceLoader;
import java.util.TreeMap;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.TimeUnit;
import java.util.jar.Attributes;
import java.util.jar.JarOutputStream;
import java.util.jar.Manifest;
import java.util.zip.ZipEntry;
import org.osgi.framework.Bundle;
import org.osgi.framework.BundleContext;
import org.osgi.framework.BundleException;
import org.osgi.framework.Constants;
import org.osgi.framework.FrameworkEvent;
import org.osgi.framework.InvalidSyntaxException;
import org.osgi.framework.ServiceReference;
import org.osgi.framework.launch.Framework;
import org.osgi.framework.launch.FrameworkFactory;
import org.osgi.framework.startlevel.FrameworkStartLevel;
import org.osgi.service.cm.Configuration;
import org.osgi.service.cm.ConfigurationAdmin;
import spark.jobserver.api.server.Settings;
import spark.jobserver.boot.Startup;

/**
 * A framework with Declarative Services, Configuration Admin and our bundle in it. What the test
 * shares with the bundles comes from the test's own class path.
 */
final class Container implements AutoCloseable {
  private static final String SHARED =
      "org.slf4j;version=2.0.0,com.typesafe.config;version=1.4.0,org.osgi.service.cm;version=1.6.1,"
          + "spark.jobserver.api.server;version=1.0.0,spark.jobserver.boot;version=1.0.0";

  /** What was said to {@link Startup}. */
  record Failure(int exitCode, String message) {}

  private final Framework framework;
  private final List<Failure> failures = new ArrayList<>();

  /**
   * Starts everything but our bundle.
   *
   * @param properties the framework's, as boot sets them
   */
  Container(Path storage, Map<String, String> properties) throws IOException, BundleException {
    Map<String, String> all = new HashMap<>(properties);
    all.put(Constants.FRAMEWORK_STORAGE, storage.toString());
    all.put(Constants.FRAMEWORK_SYSTEMPACKAGES_EXTRA, SHARED);
    framework =
        ServiceLoader.load(FrameworkFactory.class).findFirst().orElseThrow().newFramework(all);
    framework.init();
    Startup startup = (code, message) -> failures.add(new Failure(code, message));
    context().registerService(Startup.class, startup, null);
    List<Bundle> bundles = new ArrayList<>();
    try (DirectoryStream<Path> jars =
        Files.newDirectoryStream(Path.of(System.getProperty("osgi.bundles")), "*.jar")) {
      for (Path jar : jars) {
        bundles.add(context().installBundle(jar.toUri().toString()));
      }
    }
    framework.start();
    for (Bundle bundle : bundles) {
      bundle.start();
    }
  }

  /** Starts our bundle. */
  Container start() throws BundleException {
    context()
        .installBundle(Path.of(System.getProperty("config.bundle")).toUri().toString())
        .start();
    return this;
  }

  /** Installs and starts a bundle with a {@code reference.conf}. */
  Bundle bundle(String name, String reference) throws IOException, BundleException {
    Bundle bundle = context().installBundle("test:" + name, jar(name, reference));
    bundle.start();
    return bundle;
  }

  static InputStream jar(String name, String reference) throws IOException {
    Manifest manifest = new Manifest();
    Attributes main = manifest.getMainAttributes();
    main.put(Attributes.Name.MANIFEST_VERSION, "1.0");
    main.putValue("Bundle-ManifestVersion", "2");
    main.putValue("Bundle-SymbolicName", name);
    ByteArrayOutputStream bytes = new ByteArrayOutputStream();
    try (JarOutputStream out = new JarOutputStream(bytes, manifest)) {
      out.putNextEntry(new ZipEntry("reference.conf"));
      out.write(reference.getBytes(StandardCharsets.UTF_8));
    }
    return new ByteArrayInputStream(bytes.toByteArray());
  }

  /** Goes to another start level, as boot does when all is up, and waits until all have heard. */
  void level(int level) {
    CompletableFuture<Object> reached = new CompletableFuture<>();
    context()
        .addFrameworkListener(
            event -> {
              if (event.getType() == FrameworkEvent.STARTLEVEL_CHANGED) {
                reached.complete(event);
              }
            });
    framework.adapt(FrameworkStartLevel.class).setStartLevel(level);
    reached.orTimeout(10, TimeUnit.SECONDS).join();
  }

  List<Failure> failures() {
    return failures;
  }

  Optional<Settings> settings() {
    return Optional.ofNullable(context().getServiceReference(Settings.class))
        .map(context()::getService);
  }

  /** Every configuration by its PID. */
  Map<String, Configuration> configurations() throws IOException, InvalidSyntaxException {
    ServiceReference<ConfigurationAdmin> admin =
        context().getServiceReference(ConfigurationAdmin.class);
    Configuration[] found = context().getService(admin).listConfigurations(null);
    Map<String, Configuration> byPid = new TreeMap<>();
    if (found != null) {
      for (Configuration configuration : found) {
        byPid.put(configuration.getPid(), configuration);
      }
    }
    return byPid;
  }

  BundleContext context() {
    return framework.getBundleContext();
  }

  @Override
  public void close() throws BundleException {
    framework.stop();
    try {
      framework.waitForStop(30_000);
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
    }
  }
}
