package spark.jobserver.core.binary;

import java.io.IOException;
import java.io.InputStream;
import java.util.List;
import java.util.Optional;
import spark.jobserver.api.Binary;
import spark.jobserver.api.BinaryType;
import spark.jobserver.api.server.Binaries;
import spark.jobserver.api.server.Caller;

/**
 * The binaries as a caller changes them.
 *
 * @param all the binaries
 * @param caller who changes them
 */
record CallersBinaries(StoredBinaries all, Caller caller) implements Binaries {
  @Override
  public Binaries of(Caller other) {
    return all.of(other);
  }

  @Override
  public List<Binary> list() {
    return all.list();
  }

  @Override
  public Optional<Binary> find(String name) {
    return all.find(name);
  }

  @Override
  public Binary upload(String name, BinaryType type, InputStream body) throws IOException {
    return all.upload(name, type, body, caller);
  }

  @Override
  public void delete(String name) {
    all.delete(name, caller);
  }
}
