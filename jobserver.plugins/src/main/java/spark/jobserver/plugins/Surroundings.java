package spark.jobserver.plugins;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.stream.Stream;

/** What a bundle's check depends on, beside the bundle. */
final class Surroundings {
  private Surroundings() {}

  /**
   * A line that is another one when the server's bundles, its Spark or its Java have changed.
   *
   * @param home the distribution
   * @throws IOException when the bundles cannot be looked at
   */
  static String of(Path home, Path sparkHome) throws IOException {
    StringBuilder text = new StringBuilder(System.getProperty("java.runtime.version", ""));
    for (Path folder : List.of(home.resolve("bundles"), sparkHome.resolve("jars"))) {
      text.append(' ').append(folder).append(' ').append(state(folder));
    }
    return text.toString().replace('\n', ' ');
  }

  private static String state(Path folder) throws IOException {
    int hash = 1;
    try (Stream<Path> files = Files.walk(folder)) {
      for (Path file : files.filter(Files::isRegularFile).sorted().toList()) {
        hash =
            31 * hash
                + (folder.relativize(file)
                        + "|"
                        + Files.size(file)
                        + "|"
                        + Files.getLastModifiedTime(file).toMillis())
                    .hashCode();
      }
    }
    return Integer.toHexString(hash);
  }
}
