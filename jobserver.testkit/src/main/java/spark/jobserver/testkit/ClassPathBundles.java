package spark.jobserver.testkit;

import java.io.IOException;
import java.io.InputStream;
import java.net.JarURLConnection;
import java.net.URISyntaxException;
import java.net.URL;
import java.net.URLConnection;
import java.nio.file.Path;
import java.util.Collections;
import java.util.HashMap;
import java.util.Map;
import java.util.jar.Attributes;
import java.util.jar.Manifest;
import org.osgi.framework.Constants;

/** The bundles among the jars that the tests have on their class path, by their symbolic names. */
final class ClassPathBundles {
  private record Entry(Path jar, String exports) {}

  private final Map<String, Entry> entries = new HashMap<>();

  /**
   * @param tests what loaded the tests
   */
  ClassPathBundles(ClassLoader tests) throws IOException {
    for (URL url : Collections.list(tests.getResources("META-INF/MANIFEST.MF"))) {
      URLConnection connection = url.openConnection();
      if (connection instanceof JarURLConnection jar) {
        try (InputStream in = url.openStream()) {
          add(path(jar.getJarFileURL()), new Manifest(in).getMainAttributes());
        }
      }
    }
  }

  private void add(Path jar, Attributes manifest) {
    String name = manifest.getValue(Constants.BUNDLE_SYMBOLICNAME);
    if (name != null) {
      String exports = manifest.getValue(Constants.EXPORT_PACKAGE);
      entries.putIfAbsent(
          name.replaceFirst(";.*", "").trim(), new Entry(jar, exports == null ? "" : exports));
    }
  }

  private Entry entry(String symbolicName) {
    Entry entry = entries.get(symbolicName);
    if (entry == null) {
      throw new AssertionError(
          "The bundle %s is not among the jars on the class path of the tests; jobserver.testkit depends on it"
              .formatted(symbolicName));
    }
    return entry;
  }

  /** Where a bundle is. */
  Path jar(String symbolicName) {
    return entry(symbolicName).jar();
  }

  /** The packages that a bundle exports, with their versions, as a framework is told of them. */
  String exports(String symbolicName) {
    return entry(symbolicName).exports().replaceAll(";uses:=\"[^\"]*\"", "");
  }

  private static Path path(URL url) {
    try {
      return Path.of(url.toURI());
    } catch (URISyntaxException e) {
      throw new IllegalStateException(e);
    }
  }
}
