package spark.jobserver.testkit;

import java.io.IOException;
import java.io.UncheckedIOException;
import java.net.MalformedURLException;
import java.net.URL;
import java.net.URLClassLoader;
import java.nio.file.DirectoryStream;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;

/**
 * Sees Spark's jars and the framework, as what spark-submit loads a driver by does, and of the
 * tests' own class path only what tests and bundles have in common. What else is there, Spark's API
 * that the bundle is compiled against among it, has no part in the tests.
 */
final class SparkClasses extends URLClassLoader {
  static {
    registerAsParallelCapable();
  }

  private static final List<String> COMMON =
      List.of("spark.jobserver.api.", "com.typesafe.config.", "org.osgi.");

  private final ClassLoader tests;

  /**
   * @param jars the folder of Spark's jars
   * @param boot the jar of the framework
   * @param tests what loaded the tests
   */
  SparkClasses(Path jars, Path boot, ClassLoader tests) throws IOException {
    super("spark", urls(jars, boot), ClassLoader.getPlatformClassLoader());
    this.tests = tests;
  }

  private static URL[] urls(Path jars, Path boot) throws IOException {
    List<URL> urls = new ArrayList<>(List.of(boot.toUri().toURL()));
    try (DirectoryStream<Path> files = Files.newDirectoryStream(jars, "*.jar")) {
      files.forEach(file -> urls.add(url(file)));
    }
    return urls.toArray(URL[]::new);
  }

  private static URL url(Path file) {
    try {
      return file.toUri().toURL();
    } catch (MalformedURLException e) {
      throw new UncheckedIOException(e);
    }
  }

  @Override
  protected Class<?> loadClass(String name, boolean resolve) throws ClassNotFoundException {
    return COMMON.stream().anyMatch(name::startsWith)
        ? tests.loadClass(name)
        : super.loadClass(name, resolve);
  }
}
