package spark.jobserver.boot;

import java.io.IOException;
import java.nio.file.DirectoryStream;
import java.nio.file.Files;
import java.nio.file.InvalidPathException;
import java.nio.file.Path;
import java.util.Optional;
import java.util.regex.Matcher;
import java.util.regex.Pattern;

/**
 * A Spark that can be used.
 *
 * @param folder its folder, absolute
 * @param version its version, as the name of its core's jar says: pip's Spark has no other file
 *     that tells
 */
record SparkHome(Path folder, String version) {
  private static final String HOW =
      "Set SPARK_HOME to the folder of a Spark, 3.5 or newer: the one that holds bin and jars.";
  private static final Pattern CORE = Pattern.compile("spark-core_[^-]+-(.+)\\.jar");
  private static final Pattern NUMBERS = Pattern.compile("(\\d+)\\.(\\d+).*");

  /**
   * Looks at a folder.
   *
   * @param home the value of {@code SPARK_HOME}; null when there is none
   * @throws CannotStart when no Spark of a usable version is there
   */
  static SparkHome of(String home) throws CannotStart {
    if (home == null || home.isBlank()) {
      throw new CannotStart(ExitCode.SPARK, "SPARK_HOME is not set. " + HOW);
    }
    try {
      Path folder = Path.of(home).toAbsolutePath().normalize();
      String version =
          version(folder.resolve("jars"))
              .orElseThrow(
                  () ->
                      new CannotStart(
                          ExitCode.SPARK,
                          "SPARK_HOME is %s, but there is no Spark: no jars/spark-core_*.jar. %s"
                              .formatted(home, HOW)));
      SparkHome spark = new SparkHome(folder, version);
      if (!spark.isAtLeast(3, 5)) {
        throw new CannotStart(
            ExitCode.SPARK, "The Spark in %s is version %s. %s".formatted(folder, version, HOW));
      }
      return spark;
    } catch (InvalidPathException | IOException e) {
      throw new CannotStart(
          ExitCode.SPARK, "SPARK_HOME is %s, which cannot be read: %s. %s".formatted(home, e, HOW));
    }
  }

  /** The version of the Spark whose jars are in a folder; empty when there is none. */
  static Optional<String> version(Path jars) throws IOException {
    if (!Files.isDirectory(jars)) {
      return Optional.empty();
    }
    try (DirectoryStream<Path> cores = Files.newDirectoryStream(jars, "spark-core_*.jar")) {
      for (Path core : cores) {
        Matcher name = CORE.matcher(core.getFileName().toString());
        if (name.matches()) {
          return Optional.of(name.group(1));
        }
      }
    }
    return Optional.empty();
  }

  Path jars() {
    return folder.resolve("jars");
  }

  boolean isAtLeast(int major, int minor) {
    Matcher numbers = NUMBERS.matcher(version);
    if (!numbers.matches()) {
      return false;
    }
    int actual = Integer.parseInt(numbers.group(1));
    return actual > major || (actual == major && Integer.parseInt(numbers.group(2)) >= minor);
  }
}
