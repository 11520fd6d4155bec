package spark.jobserver.python.worker;

import java.io.File;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.stream.Stream;

/**
 * What the Python processes of a context import from besides what their interpreter has itself.
 *
 * @param entries what comes before it: our modules first, so that an older egg of them in {@code
 *     python.paths} does not shadow them, and Spark's last
 * @param fallback what comes after it: wheels of what our modules need
 */
record PythonPath(List<String> entries, List<String> fallback) {
  PythonPath {
    entries = entries.stream().filter(entry -> !entry.isEmpty()).distinct().toList();
    fallback = List.copyOf(fallback);
  }

  /**
   * @param inherited the driver's own {@code PYTHONPATH}, or null
   * @param folder where links may be made
   */
  static PythonPath of(
      BundledPython bundled, String inherited, List<String> paths, Path sparkHome, Path folder)
      throws IOException {
    List<String> entries = new ArrayList<>();
    entries.add(bundled.library().toString());
    if (inherited != null) {
      entries.addAll(List.of(inherited.split(File.pathSeparator, -1)));
    }
    entries.addAll(paths);
    pyspark(sparkHome, folder).forEach(path -> entries.add(path.toString()));
    return new PythonPath(entries, bundled.wheels().stream().map(Path::toString).toList());
  }

  /** Entries as an environment variable has them. */
  static String join(List<String> entries) {
    return String.join(File.pathSeparator, entries);
  }

  /**
   * PySpark and py4j of a {@code SPARK_HOME}. An installation by pip is the package {@code pyspark}
   * itself, beside which {@code py4j} lies among all else that was installed there: links let these
   * two through and nothing else.
   */
  private static List<Path> pyspark(Path sparkHome, Path folder) throws IOException {
    Path py4j = sparkHome.resolveSibling("py4j");
    if (Files.exists(sparkHome.resolve("__init__.py")) && Files.isDirectory(py4j)) {
      Files.createDirectories(folder);
      link(folder.resolve("pyspark"), sparkHome);
      link(folder.resolve("py4j"), py4j);
      return List.of(folder);
    }
    Path python = sparkHome.resolve("python");
    List<Path> entries = new ArrayList<>();
    entries.add(
        Files.exists(python.resolve("pyspark").resolve("__init__.py"))
            ? python
            : python.resolve("lib").resolve("pyspark.zip"));
    if (Files.isDirectory(python.resolve("lib"))) {
      try (Stream<Path> files = Files.list(python.resolve("lib"))) {
        files
            .filter(file -> file.getFileName().toString().matches("py4j-.*\\.zip"))
            .sorted()
            .forEach(entries::add);
      }
    }
    return entries;
  }

  private static void link(Path link, Path target) throws IOException {
    Files.deleteIfExists(link);
    Files.createSymbolicLink(link, target.toRealPath());
  }
}
