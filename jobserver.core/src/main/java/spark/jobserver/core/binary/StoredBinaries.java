package spark.jobserver.core.binary;

import java.io.IOException;
import java.io.InputStream;
import java.security.MessageDigest;
import java.time.Clock;
import java.time.Instant;
import java.time.temporal.ChronoUnit;
import java.util.List;
import java.util.Optional;
import org.osgi.framework.BundleContext;
import org.osgi.service.component.annotations.Activate;
import org.osgi.service.component.annotations.Component;
import org.osgi.service.component.annotations.Reference;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;
import spark.jobserver.api.Binary;
import spark.jobserver.api.BinaryType;
import spark.jobserver.api.Content;
import spark.jobserver.api.dao.DaoException;
import spark.jobserver.api.dao.JobDao;
import spark.jobserver.api.dao.JobDao.BinaryDeletion;
import spark.jobserver.api.server.Binaries;
import spark.jobserver.api.server.Caller;
import spark.jobserver.api.server.ErrorCode;
import spark.jobserver.api.server.JobserverException;
import spark.jobserver.core.DataFolder;
import spark.jobserver.core.Room;
import spark.jobserver.core.Spool;
import spark.jobserver.core.store.ActiveStore;

/** Checks uploads and keeps them in the store. */
@Component(service = Binaries.class)
public final class StoredBinaries implements Binaries {
  private static final Logger LOG = LoggerFactory.getLogger(StoredBinaries.class);

  /** What every ZIP archive that is not empty begins with (APPNOTE 4.3.7). */
  private static final byte[] ZIP = {'P', 'K', 3, 4};

  private final JobDao dao;
  private final Spool spool;
  private final OwnNames names;
  private final Clock clock = Clock.systemUTC();

  @Activate
  public StoredBinaries(BundleContext bundle, @Reference ActiveStore store) throws IOException {
    this(store.dao(), new Spool(DataFolder.of(bundle).spool()));
  }

  StoredBinaries(JobDao dao, Spool spool) {
    this.dao = dao;
    this.spool = spool;
    this.names = new OwnNames(dao::binaryOwner);
  }

  @Override
  public Binaries of(Caller caller) {
    return new CallersBinaries(this, caller);
  }

  @Override
  public List<Binary> list() {
    return dao.latestBinaries();
  }

  @Override
  public Optional<Binary> find(String name) {
    return dao.latestBinary(name);
  }

  @Override
  public Binary upload(String name, BinaryType type, InputStream body) throws IOException {
    return upload(name, type, body, Caller.SERVER);
  }

  Binary upload(String name, BinaryType type, InputStream body, Caller caller) throws IOException {
    names.check(name, caller);
    try (Spool.Received received = spool.receive(body)) {
      Content bytes = Content.of(received.file());
      if (!isArchive(bytes)) {
        throw new JobserverException(ErrorCode.BINARY_FORMAT, "Binary is not of the right format");
      }
      Instant now = clock.instant().truncatedTo(ChronoUnit.MILLIS);
      Binary binary = new Binary(name, type, now, received.digest(), bytes.size());
      names.change(
          name,
          caller,
          () -> {
            dao.insertBinary(binary, bytes, caller.name());
            return binary;
          });
      LOG.info("binary {}: stored {} bytes of {}", binary.digest(), binary.size(), type.label());
      return binary;
    } catch (DaoException e) {
      throw spool.failure("The binary could not be stored", e);
    }
  }

  private static boolean isArchive(Content bytes) throws IOException {
    try (InputStream in = bytes.open()) {
      return bytes.size() > ZIP.length && MessageDigest.isEqual(in.readNBytes(ZIP.length), ZIP);
    }
  }

  @Override
  public void delete(String name) {
    delete(name, Caller.SERVER);
  }

  void delete(String name, Caller caller) {
    BinaryDeletion deletion =
        names.change(name, caller, () -> Room.needed(() -> dao.deleteBinary(name)));
    if (deletion instanceof BinaryDeletion.Unknown) {
      throw new JobserverException(
          ErrorCode.BINARY_NOT_FOUND, "can't find binary with name " + name);
    }
    if (deletion instanceof BinaryDeletion.InUse use) {
      throw new JobserverException(
          ErrorCode.BINARY_IN_USE,
          "Binary is in use by job(s): " + String.join(", ", use.jobIds()));
    }
  }
}
