package spark.jobserver.plugins;

import java.io.IOException;
import java.nio.file.Path;
import java.util.Optional;
import java.util.jar.Attributes;
import java.util.jar.JarFile;
import java.util.jar.Manifest;
import java.util.regex.Pattern;
import java.util.zip.ZipException;
import org.osgi.framework.Constants;
import org.osgi.framework.Version;

/**
 * What a bundle says of itself.
 *
 * @param name its symbolic name
 * @param version its version
 * @param singleton whether no other bundle of that name may be resolved beside it
 */
record PluginJar(String name, String version, boolean singleton) {
  private static final Pattern SINGLETON = Pattern.compile("singleton\\s*:=\\s*\"?true");

  /** A file is no bundle; the message says why, for the operator. */
  static final class NoBundle extends Exception {
    private static final long serialVersionUID = 1;

    NoBundle(String message) {
      super(message);
    }
  }

  /**
   * Reads a jar's manifest.
   *
   * @throws NoBundle when the file is no jar, or no bundle
   */
  static PluginJar read(Path file) throws NoBundle {
    if (file.toFile().length() == 0) {
      throw new NoBundle("The file is empty.");
    }
    try (JarFile jar = new JarFile(file.toFile())) {
      return of(Optional.ofNullable(jar.getManifest()));
    } catch (ZipException e) {
      throw new NoBundle(
          "The file is no jar, or only a part of one: "
              + e.getMessage()
              + ". Copy it to another name, and rename it when it is whole.");
    } catch (IOException | SecurityException e) {
      throw new NoBundle("The file cannot be read: " + e.getMessage());
    }
  }

  private static PluginJar of(Optional<Manifest> manifest) throws NoBundle {
    if (manifest.isEmpty()) {
      throw new NoBundle(
          "The jar has no manifest (META-INF/MANIFEST.MF): it is no bundle. Build it with bnd.");
    }
    Attributes headers = manifest.get().getMainAttributes();
    String name = headers.getValue(Constants.BUNDLE_SYMBOLICNAME);
    if (name == null || !"2".equals(headers.getValue(Constants.BUNDLE_MANIFESTVERSION))) {
      throw new NoBundle(
          "The jar is no bundle: its manifest lacks Bundle-SymbolicName or Bundle-ManifestVersion: 2."
              + " Build it with bnd.");
    }
    String version = headers.getValue(Constants.BUNDLE_VERSION);
    try {
      return new PluginJar(
          name.split(";", 2)[0].strip(),
          Version.parseVersion(version).toString(),
          SINGLETON.matcher(name).find());
    } catch (IllegalArgumentException e) {
      throw new NoBundle("Bundle-Version is wrong: " + e.getMessage() + ".");
    }
  }
}
