package spark.jobserver.python.worker;

import java.io.File;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Set;
import java.util.concurrent.ConcurrentHashMap;
import java.util.stream.Stream;
import org.apache.spark.util.ShutdownHookManager;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * The temporary folders of workers that have ended. Each has one from Spark. What is in it, such as
 * a broadcast, may be used by a view that outlives the worker, so only empty ones go at once.
 */
final class TemporaryFolders {
  private static final String PREFIX = "pyspark-";
  private static final Logger logger = LoggerFactory.getLogger(TemporaryFolders.class);

  private final Set<Path> kept = ConcurrentHashMap.newKeySet();

  /**
   * Takes over a folder.
   *
   * @param folder as the worker has told it; may be empty
   */
  void add(String folder) {
    Path path = Path.of(folder);
    if (!folder.isEmpty() && path.getFileName().toString().startsWith(PREFIX)) {
      File[] content = path.toFile().listFiles();
      if (content == null || content.length == 0) {
        remove(path);
      } else {
        kept.add(path);
      }
    }
  }

  /** Removes all that are left, when no Spark job runs any more. */
  void removeAll() {
    kept.forEach(TemporaryFolders::remove);
  }

  private static void remove(Path folder) {
    try {
      delete(folder);
      ShutdownHookManager.removeShutdownDeleteDir(folder.toFile()); // Spark would remember it
    } catch (IOException e) {
      logger.warn("Temporary folder {} cannot be removed", folder, e);
    }
  }

  /** Deletes a file, or a folder with all in it; links are not followed. */
  static void delete(Path path) throws IOException {
    if (Files.isDirectory(path, java.nio.file.LinkOption.NOFOLLOW_LINKS)) {
      try (Stream<Path> children = Files.list(path)) {
        for (Path child : children.toList()) {
          delete(child);
        }
      }
    }
    Files.deleteIfExists(path);
  }
}
