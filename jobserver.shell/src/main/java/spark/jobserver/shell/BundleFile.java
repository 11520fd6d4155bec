package spark.jobserver.shell;

import java.io.IOException;
import java.nio.file.Path;
import java.util.jar.JarFile;
import java.util.jar.Manifest;
import org.osgi.framework.Constants;

/** A file that is to be a bundle. */
final class BundleFile {
  private BundleFile() {}

  /**
   * What a bundle is called.
   *
   * @throws CommandFailed when the file is none
   */
  static String symbolicName(Path file) throws CommandFailed {
    try (JarFile jar = new JarFile(file.toFile())) {
      Manifest manifest = jar.getManifest();
      String header =
          manifest == null
              ? null
              : manifest.getMainAttributes().getValue(Constants.BUNDLE_SYMBOLICNAME);
      String name = header == null ? "" : header.split(";", 2)[0].strip();
      if (name.isEmpty()) {
        throw new CommandFailed(
            "%s is no bundle: its manifest has no %s."
                .formatted(file, Constants.BUNDLE_SYMBOLICNAME));
      }
      return name;
    } catch (IOException e) {
      throw new CommandFailed("%s is no bundle: %s".formatted(file, e.getMessage()), e);
    }
  }
}
