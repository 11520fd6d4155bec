package spark.jobserver.core.data;

import java.io.IOException;
import java.io.InputStream;
import java.io.UncheckedIOException;
import java.nio.file.Files;
import java.nio.file.InvalidPathException;
import java.nio.file.Path;
import java.time.Clock;
import java.time.ZoneOffset;
import java.time.format.DateTimeFormatter;
import java.util.List;
import java.util.stream.Stream;
import org.osgi.framework.BundleContext;
import org.osgi.service.component.annotations.Activate;
import org.osgi.service.component.annotations.Component;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;
import spark.jobserver.api.server.DataFiles;
import spark.jobserver.api.server.ErrorCode;
import spark.jobserver.api.server.JobserverException;
import spark.jobserver.core.DataFolder;
import spark.jobserver.core.Spool;

/**
 * Keeps files in one folder. A name is made here of the caller's prefix and the time; no text of a
 * caller's is ever a path.
 */
@Component(service = DataFiles.class)
public final class StoredDataFiles implements DataFiles {
  private static final Logger LOG = LoggerFactory.getLogger(StoredDataFiles.class);
  private static final DateTimeFormatter TIME =
      DateTimeFormatter.ofPattern("uuuu-MM-dd'T'HH_mm_ss.SSS'Z'").withZone(ZoneOffset.UTC);
  private static final int LONGEST_PREFIX = 100;

  private final Path folder;
  private final Spool spool;
  private final Clock clock;

  @Activate
  public StoredDataFiles(BundleContext bundle) throws IOException {
    this(
        DataFolder.of(bundle).files(), new Spool(DataFolder.of(bundle).spool()), Clock.systemUTC());
  }

  StoredDataFiles(Path folder, Spool spool, Clock clock) {
    this.folder = folder;
    this.spool = spool;
    this.clock = clock;
  }

  @Override
  public List<Path> list() {
    try (Stream<Path> files = Files.list(folder)) {
      return files.sorted().toList();
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
  }

  @Override
  public Path upload(String prefix, InputStream body) throws IOException {
    try (Spool.Received received = spool.receive(body)) {
      Path file = publish(received.file(), plain(prefix) + "-" + TIME.format(clock.instant()));
      LOG.info("data file {}: stored {} bytes", file.getFileName(), Files.size(file));
      return file;
    }
  }

  /** Of uploads at the same time each gets a name of its own. */
  private synchronized Path publish(Path received, String name) {
    Path file = folder.resolve(name + ".dat");
    for (int i = 2; Files.exists(file); i++) {
      file = folder.resolve(name + "-" + i + ".dat");
    }
    try {
      return Files.move(received, file);
    } catch (IOException e) {
      throw spool.failure("The file could not be kept", e);
    }
  }

  /** What of a prefix can stand in a name: letters, digits, dots and dashes, no dot in front. */
  private static String plain(String prefix) {
    String name = prefix.replaceAll("[^A-Za-z0-9._-]", "_").replaceFirst("^\\.", "_");
    return name.substring(0, Math.min(name.length(), LONGEST_PREFIX));
  }

  @Override
  public void delete(String path) {
    try {
      Path file = Path.of(path);
      if (folder.equals(file.getParent())
          && Files.isRegularFile(file)
          && Files.deleteIfExists(file)) {
        LOG.info("data file {}: removed", file.getFileName());
        return;
      }
    } catch (InvalidPathException e) {
      LOG.debug("no data file has such a name", e);
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
    throw new JobserverException(
        ErrorCode.DATA_NOT_FOUND, "Unable to delete data file '" + path + "'.");
  }

  @Override
  public void clear() {
    for (Path file : list()) {
      try {
        Files.deleteIfExists(file);
      } catch (IOException e) {
        throw new UncheckedIOException(e);
      }
    }
    LOG.info("all data files: removed");
  }
}
