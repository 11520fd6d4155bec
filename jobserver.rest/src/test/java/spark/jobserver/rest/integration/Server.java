package spark.jobserver.rest.integration;

import java.io.IOException;
import java.nio.file.DirectoryStream;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.ServiceLoader;
import java.util.stream.Stream;
import org.osgi.framework.Bundle;
import org.osgi.framework.BundleContext;
import org.osgi.framework.BundleException;
import org.osgi.framework.Constants;
import org.osgi.framework.launch.Framework;
import org.osgi.framework.launch.FrameworkFactory;

/** A framework with what answers HTTP in it, and nothing behind it but what a test registers. */
final class Server implements AutoCloseable {
  private static final String API =
      "spark.jobserver.api;version=1.0.0,spark.jobserver.api.server;version=1.0.0";

  private final Path folder;
  private final Framework framework;

  /**
   * Starts one.
   *
   * @param properties framework properties beside the usual ones
   */
  Server(Map<String, String> properties) throws IOException, BundleException {
    folder = Files.createTempDirectory("rest");
    Map<String, String> all = new HashMap<>(properties);
    all.put(Constants.FRAMEWORK_STORAGE, folder.resolve("cache").toString());
    all.put(Constants.FRAMEWORK_SYSTEMPACKAGES_EXTRA, API);
    all.put("org.apache.felix.http.host", "127.0.0.1");
    all.put("org.osgi.service.http.port", "0");
    framework =
        ServiceLoader.load(FrameworkFactory.class).findFirst().orElseThrow().newFramework(all);
    framework.init();
    List<Bundle> bundles = new ArrayList<>();
    try (DirectoryStream<Path> jars =
        Files.newDirectoryStream(Path.of(System.getProperty("osgi.bundles")), "*.jar")) {
      for (Path jar : jars) {
        bundles.add(context().installBundle(jar.toUri().toString()));
      }
    }
    bundles.add(
        context().installBundle(Path.of(System.getProperty("rest.bundle")).toUri().toString()));
    framework.start();
    for (Bundle bundle : bundles) {
      if (bundle.getHeaders().get(Constants.FRAGMENT_HOST) == null) {
        bundle.start();
      }
    }
  }

  BundleContext context() {
    return framework.getBundleContext();
  }

  @Override
  public void close() throws IOException, BundleException {
    framework.stop();
    try {
      framework.waitForStop(30_000);
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
    }
    try (Stream<Path> files = Files.walk(folder)) {
      for (Path file : files.sorted(Comparator.reverseOrder()).toList()) {
        Files.delete(file);
      }
    }
  }
}
