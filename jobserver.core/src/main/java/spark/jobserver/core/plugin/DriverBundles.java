package spark.jobserver.core.plugin;

import java.io.IOException;
import java.nio.file.DirectoryStream;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.HashSet;
import java.util.Optional;
import java.util.Set;
import java.util.jar.JarFile;
import java.util.jar.Manifest;
import org.osgi.framework.BundleContext;
import org.osgi.framework.Constants;
import org.osgi.service.component.annotations.Activate;
import org.osgi.service.component.annotations.Component;

/**
 * What every driver has from the start, so that it is not sent to it: its base bundles, and the
 * packages of Spark's jars. Some of these packages come from bundles of its own in the server.
 */
@Component(service = DriverBundles.class)
public final class DriverBundles {
  private final Set<String> symbolicNames;
  private final Set<String> packages;

  @Activate
  public DriverBundles(BundleContext bundle) throws IOException {
    this(
        Path.of(bundle.getProperty("jobserver.home")).resolve("bundles").resolve("driver"),
        Optional.ofNullable(bundle.getProperty("jobserver.spark.packages")).orElse(""));
  }

  /**
   * @param folder where the base bundles lie
   * @param packages the names of the packages of Spark's jars, with commas between
   */
  DriverBundles(Path folder, String packages) throws IOException {
    this.packages = Set.copyOf(Arrays.asList(packages.split(",")));
    Set<String> names = new HashSet<>();
    try (DirectoryStream<Path> jars = Files.newDirectoryStream(folder, "*.jar")) {
      for (Path jar : jars) {
        names.add(symbolicName(jar));
      }
    }
    symbolicNames = Set.copyOf(names);
  }

  private static String symbolicName(Path jar) throws IOException {
    try (JarFile file = new JarFile(jar.toFile())) {
      Manifest manifest = file.getManifest();
      String name =
          manifest == null
              ? null
              : manifest.getMainAttributes().getValue(Constants.BUNDLE_SYMBOLICNAME);
      if (name == null) {
        throw new IOException(jar + " is no bundle");
      }
      int directive = name.indexOf(';');
      return directive < 0 ? name.strip() : name.substring(0, directive).strip();
    }
  }

  boolean contains(String symbolicName) {
    return symbolicNames.contains(symbolicName);
  }

  boolean offersPackage(String name) {
    return packages.contains(name);
  }
}
