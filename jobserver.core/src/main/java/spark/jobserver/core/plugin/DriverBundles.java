package spark.jobserver.core.plugin;

import java.io.IOException;
import java.nio.file.DirectoryStream;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.HashMap;
import java.util.HashSet;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.jar.JarFile;
import java.util.jar.Manifest;
import org.osgi.framework.BundleContext;
import org.osgi.framework.Constants;
import org.osgi.framework.FrameworkUtil;
import org.osgi.framework.InvalidSyntaxException;
import org.osgi.framework.Version;
import org.osgi.framework.namespace.PackageNamespace;
import org.osgi.service.component.annotations.Activate;
import org.osgi.service.component.annotations.Component;

/**
 * What every driver has from the start, so that it is not sent to it: its base bundles, and the
 * packages of Spark's jars. Some of these packages come from bundles of its own in the server, and
 * in other versions.
 */
@Component(service = DriverBundles.class)
public final class DriverBundles {
  private final Set<String> symbolicNames;
  private final Map<String, Version> packages;

  @Activate
  public DriverBundles(BundleContext bundle) throws IOException {
    this(
        Path.of(bundle.getProperty("jobserver.home")).resolve("bundles").resolve("driver"),
        Optional.ofNullable(bundle.getProperty("jobserver.spark.packages")).orElse(""));
  }

  /**
   * @param folder where the base bundles lie
   * @param packages the packages of Spark's jars and their versions, {@code name=version}, with
   *     commas between
   */
  DriverBundles(Path folder, String packages) throws IOException {
    Map<String, Version> versions = new HashMap<>();
    for (String one : packages.split(",", -1)) {
      int equals = one.indexOf('=');
      if (equals > 0) {
        versions.put(one.substring(0, equals), Version.parseVersion(one.substring(equals + 1)));
      }
    }
    this.packages = Map.copyOf(versions);
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

  /**
   * Whether a package of Spark's jars is what a bundle imports.
   *
   * @param name of the package
   * @param filter what the import wants of it, as the framework has it
   */
  boolean offersPackage(String name, String filter) {
    Version version = packages.get(name);
    if (version == null) {
      return false;
    }
    Map<String, Object> offer =
        Map.of(
            PackageNamespace.PACKAGE_NAMESPACE,
            name,
            PackageNamespace.CAPABILITY_VERSION_ATTRIBUTE,
            version);
    try {
      return FrameworkUtil.createFilter(filter).matches(offer);
    } catch (InvalidSyntaxException e) {
      throw new IllegalArgumentException("not a filter: " + filter, e);
    }
  }
}
