package spark.jobserver.rest;

import java.io.IOException;
import java.io.InputStream;
import java.nio.file.Path;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.concurrent.ConcurrentSkipListMap;
import spark.jobserver.api.server.DataFiles;
import spark.jobserver.api.server.ErrorCode;
import spark.jobserver.api.server.JobserverException;

/** Files of data in memory. */
public final class FakeDataFiles implements DataFiles {
  public final Map<Path, byte[]> files = new ConcurrentSkipListMap<>();

  /** What every method throws, where there is something. */
  public volatile Optional<RuntimeException> failure = Optional.empty();

  @Override
  public List<Path> list() {
    fail();
    return List.copyOf(files.keySet());
  }

  @Override
  public Path upload(String prefix, InputStream body) throws IOException {
    fail();
    Path path = Path.of("/upload").resolve(prefix.replace('/', '_') + "-now.dat");
    files.put(path, body.readAllBytes());
    return path;
  }

  @Override
  public void delete(String path) {
    fail();
    if (files.remove(Path.of(path)) == null) {
      throw new JobserverException(
          ErrorCode.DATA_NOT_FOUND, "Unable to delete data file '" + path + "'.");
    }
  }

  @Override
  public void clear() {
    fail();
    files.clear();
  }

  private void fail() {
    failure.ifPresent(
        error -> {
          throw error;
        });
  }
}
