package spark.jobserver.python.worker;

import java.io.IOException;
import java.io.InputStream;
import java.net.MalformedURLException;
import java.net.URL;
import java.net.URLClassLoader;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.zip.ZipEntry;
import java.util.zip.ZipException;
import java.util.zip.ZipFile;
import org.apache.spark.SparkContext;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * The jars within a factory's bundle that a context has on its class loader and its executors on
 * their class path. Files are named by their content, too: Spark refuses a second file of a name.
 */
final class ExtensionJars {
  private static final Logger logger = LoggerFactory.getLogger(ExtensionJars.class);

  private final List<Path> files;
  private Optional<URLClassLoader> classes = Optional.empty();

  private ExtensionJars(List<Path> files) {
    this.files = files;
  }

  /**
   * Unpacks them.
   *
   * @param bundle the factory's own jar
   * @param recipe says which
   * @param folder where to unpack
   * @throws IllegalStateException when the bundle has no such file, or it is no jar
   */
  static ExtensionJars unpack(Path bundle, CheckedRecipe recipe, Path folder) throws IOException {
    List<Path> files = new ArrayList<>();
    try (ZipFile jar = new ZipFile(bundle.toFile())) {
      for (String name : recipe.jars()) {
        ZipEntry entry = jar.getEntry(name);
        if (entry == null || entry.isDirectory()) {
          throw recipe.wrong(
              "jars", "names %s, but there is no such file in its bundle".formatted(name));
        }
        try (InputStream in = jar.getInputStream(entry)) {
          files.add(file(in.readAllBytes(), name, Files.createDirectories(folder)));
        }
      }
    }
    for (int i = 0; i < files.size(); i++) {
      check(files.get(i), recipe.jars().get(i), recipe);
    }
    return new ExtensionJars(files);
  }

  private static Path file(byte[] content, String name, Path folder) throws IOException {
    String own = name.substring(name.lastIndexOf('/') + 1);
    String digest = BundledPython.sha256(content).substring(0, 16);
    return Files.write(folder.resolve(digest + "-" + own), content);
  }

  private static void check(Path file, String name, CheckedRecipe recipe) throws IOException {
    try (ZipFile jar = new ZipFile(file.toFile())) {
      if (jar.size() == 0) {
        throw recipe.wrong("jars", "names %s, which is an empty jar".formatted(name));
      }
    } catch (ZipException e) {
      throw recipe.wrong("jars", "names %s, which is no jar: %s".formatted(name, e.getMessage()));
    }
  }

  /**
   * What the threads of the context load classes by from now on. The bundle goes first: a class
   * that both it and a jar have, because the jar is on the bundle's own class path, is the same for
   * both. Called once.
   *
   * @param parent what they have loaded classes by
   * @return the parent itself where there are no jars
   */
  synchronized ClassLoader over(ClassLoader parent) throws MalformedURLException {
    if (files.isEmpty()) {
      return parent;
    }
    URL[] urls = new URL[files.size()];
    for (int i = 0; i < urls.length; i++) {
      urls[i] = files.get(i).toUri().toURL();
    }
    URLClassLoader loader = new URLClassLoader("extension-jars", urls, parent);
    classes = Optional.of(loader);
    return loader;
  }

  /** Brings them to the executors that there are and to those to come. */
  void ship(SparkContext spark) {
    files.forEach(file -> spark.addJar(file.toUri().toString()));
  }

  /** Lets go of the files: the context is over. */
  synchronized void close() {
    try {
      if (classes.isPresent()) {
        classes.get().close();
      }
    } catch (IOException e) {
      logger.warn("The jars of a context cannot be closed", e);
    }
  }
}
