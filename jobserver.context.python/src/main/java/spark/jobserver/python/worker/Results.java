package spark.jobserver.python.worker;

import java.io.IOException;
import java.io.InputStream;
import java.io.OutputStream;
import java.lang.ref.Cleaner;
import java.nio.file.Files;
import java.nio.file.Path;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;
import spark.jobserver.api.Content;

/**
 * Keeps the results of jobs: small ones in memory, large ones in files, which are deleted when
 * nobody refers to the result any more.
 */
final class Results {
  static final int LARGE = 1 << 20;

  private static final Logger logger = LoggerFactory.getLogger(Results.class);

  private final Cleaner cleaner;
  private final Path folder;

  Results(Path folder, ContextThreads threads) {
    this.folder = folder;
    this.cleaner = Cleaner.create(work -> threads.newThread("python-results", work));
  }

  /**
   * Reads the frame that is the result of a job.
   *
   * @throws Connection.SinkException when it cannot be kept
   */
  Content read(Connection connection) throws IOException, Connection.SinkException {
    int length = connection.readLength();
    if (length <= LARGE) {
      return Content.of(connection.readBytes(length));
    }
    Path file = create();
    try (OutputStream out = open(file)) {
      connection.readBytes(length, out);
    } catch (IOException | Connection.SinkException | RuntimeException e) {
      delete(file);
      throw e;
    }
    Content content = new Spooled(file, length);
    cleaner.register(content, () -> delete(file));
    return content;
  }

  private Path create() throws Connection.SinkException {
    try {
      return Files.createTempFile(Files.createDirectories(folder), "result", ".json");
    } catch (IOException e) {
      throw new Connection.SinkException(e);
    }
  }

  private static OutputStream open(Path file) throws Connection.SinkException {
    try {
      return Files.newOutputStream(file);
    } catch (IOException e) {
      throw new Connection.SinkException(e);
    }
  }

  private static void delete(Path file) {
    try {
      Files.deleteIfExists(file);
    } catch (IOException e) {
      logger.warn("Result {} cannot be deleted", file, e);
    }
  }

  private record Spooled(Path file, long size) implements Content {
    @Override
    public InputStream open() throws IOException {
      return Files.newInputStream(file);
    }
  }
}
