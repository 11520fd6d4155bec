package spark.jobserver.driver;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.ConcurrentMap;
import java.util.concurrent.ExecutionException;
import spark.jobserver.api.Binary;

/** The binaries that jobs of this context use: each is fetched once, however many jobs want it. */
final class BinaryFiles {
  private final Path folder;
  private final Source source;
  private final ConcurrentMap<Path, CompletableFuture<Path>> files = new ConcurrentHashMap<>();

  /** Where bytes come from. */
  interface Source {
    /** Puts the bytes with this SHA-256 into a file, whole or not at all. */
    void fetch(String digest, Path file) throws IOException;
  }

  BinaryFiles(Path folder, Source source) {
    this.folder = folder;
    this.source = source;
  }

  /**
   * The file of a binary. The first to ask fetches it, the others wait for that.
   *
   * @throws IOException when it cannot be fetched; the next to ask tries again
   */
  Path file(Binary binary) throws IOException, InterruptedException {
    Path file = folder.resolve(binary.digest()).resolve(binary.digest() + binary.type().suffix());
    CompletableFuture<Path> mine = new CompletableFuture<>();
    CompletableFuture<Path> first = files.putIfAbsent(file, mine);
    if (first != null) {
      return await(first);
    }
    try {
      if (!Files.exists(file)) {
        Files.createDirectories(file.getParent());
        source.fetch(binary.digest(), file);
      }
      mine.complete(file);
      return file;
    } catch (IOException | RuntimeException e) {
      files.remove(file);
      mine.completeExceptionally(e);
      throw e;
    }
  }

  private static Path await(CompletableFuture<Path> file) throws IOException, InterruptedException {
    try {
      return file.get();
    } catch (ExecutionException e) {
      throw new IOException(e.getCause().getMessage(), e.getCause());
    }
  }
}
