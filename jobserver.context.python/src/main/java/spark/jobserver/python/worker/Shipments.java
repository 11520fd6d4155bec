package spark.jobserver.python.worker;

import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.concurrent.ConcurrentHashMap;
import java.util.function.Consumer;
import spark.jobserver.api.Binary;
import spark.jobserver.api.BinaryType;

/**
 * Brings files to the executors, each once in the life of a context. They are named by their
 * content, for a name that Spark knows with another content ruins a SparkContext.
 */
final class Shipments {
  private final Path folder;
  private final Consumer<Path> addFile;
  private final ConcurrentHashMap<String, Boolean> shipped = new ConcurrentHashMap<>();
  private final String base;

  /**
   * Ships what every job needs.
   *
   * @param base a zip file with our modules
   * @param folder for the files that are shipped
   * @param addFile hands a file to Spark
   */
  Shipments(Path base, Path folder, Consumer<Path> addFile) throws IOException {
    this.folder = Files.createDirectories(folder);
    this.addFile = addFile;
    this.base = base.getFileName().toString();
    addFile.accept(base);
  }

  /**
   * Ships a binary, unless it has been shipped.
   *
   * @return the names of the files that its jobs' executors import from
   */
  List<String> ship(Binary binary, Path archive) throws IOException {
    String name = name(binary);
    try {
      shipped.computeIfAbsent(
          name,
          absent -> {
            addFile.accept(named(name, archive));
            return true;
          });
    } catch (UncheckedIOException e) {
      throw e.getCause();
    }
    return List.of(base, name);
  }

  /** Spark imports from files that end so; from wheels it does not. */
  static String name(Binary binary) {
    return binary.digest() + (binary.type() == BinaryType.EGG ? ".egg" : ".zip");
  }

  private Path named(String name, Path archive) {
    Path file = folder.resolve(name);
    try {
      Files.deleteIfExists(file);
      try {
        Files.createLink(file, archive);
      } catch (IOException | UnsupportedOperationException e) {
        Files.copy(archive, file); // on another file system, or another user's
      }
      return file;
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
  }
}
