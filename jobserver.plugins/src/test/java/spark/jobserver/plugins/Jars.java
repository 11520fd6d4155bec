package spark.jobserver.plugins;

import java.io.ByteArrayInputStream;
import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.io.InputStream;
import java.io.UncheckedIOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardCopyOption;
import java.util.Map;
import java.util.jar.Attributes;
import java.util.jar.JarEntry;
import java.util.jar.JarFile;
import java.util.jar.JarOutputStream;
import java.util.jar.Manifest;

/** Jars that tests make. */
final class Jars {
  private Jars() {}

  /** A bundle with nothing in it. */
  static byte[] bundle(String name, String version) {
    return jar(
        Map.of(
            "Bundle-ManifestVersion", "2", "Bundle-SymbolicName", name, "Bundle-Version", version));
  }

  /** A jar with a manifest, of the same bytes each time. */
  static byte[] jar(Map<String, String> headers) {
    Manifest manifest = new Manifest();
    Attributes main = manifest.getMainAttributes();
    main.put(Attributes.Name.MANIFEST_VERSION, "1.0");
    headers.forEach(main::putValue);
    ByteArrayOutputStream bytes = new ByteArrayOutputStream();
    try (JarOutputStream jar = new JarOutputStream(bytes)) {
      JarEntry entry = new JarEntry(JarFile.MANIFEST_NAME);
      entry.setTime(0);
      jar.putNextEntry(entry);
      manifest.write(jar);
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
    return bytes.toByteArray();
  }

  static InputStream stream(byte[] bytes) {
    return new ByteArrayInputStream(bytes);
  }

  /** Puts a file into a folder in one step, as operators should. */
  static void move(byte[] bytes, Path file) throws IOException {
    Files.createDirectories(file.getParent());
    Path part = file.resolveSibling("." + file.getFileName() + ".part");
    Files.write(part, bytes);
    Files.move(part, file, StandardCopyOption.ATOMIC_MOVE, StandardCopyOption.REPLACE_EXISTING);
  }
}
