package spark.jobserver.core.binary;

import java.io.BufferedOutputStream;
import java.io.IOException;
import java.io.InputStream;
import java.io.OutputStream;
import java.nio.file.Files;
import java.nio.file.Path;
import java.security.DigestOutputStream;
import java.security.MessageDigest;
import java.security.NoSuchAlgorithmException;
import java.time.Clock;
import java.time.Instant;
import java.time.temporal.ChronoUnit;
import java.util.HexFormat;
import java.util.List;
import java.util.Optional;
import org.osgi.framework.BundleContext;
import org.osgi.service.component.annotations.Activate;
import org.osgi.service.component.annotations.Component;
import org.osgi.service.component.annotations.ConfigurationPolicy;
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
import spark.jobserver.api.server.ErrorCode;
import spark.jobserver.api.server.JobserverException;
import spark.jobserver.core.DataFolder;
import spark.jobserver.core.config.CoreConfig;

/** Checks uploads and keeps them in the store. */
@Component(
    service = Binaries.class,
    configurationPid = CoreConfig.PID,
    configurationPolicy = ConfigurationPolicy.REQUIRE)
public final class StoredBinaries implements Binaries {
  private static final Logger LOG = LoggerFactory.getLogger(StoredBinaries.class);

  /** What every ZIP archive that is not empty begins with (APPNOTE 4.3.7). */
  private static final byte[] ZIP = {'P', 'K', 3, 4};

  private final JobDao dao;
  private final Path spool;
  private final Clock clock = Clock.systemUTC();

  @Activate
  public StoredBinaries(BundleContext bundle, @Reference(name = "dao") JobDao dao)
      throws IOException {
    this(dao, DataFolder.of(bundle).spool());
  }

  StoredBinaries(JobDao dao, Path spool) {
    this.dao = dao;
    this.spool = spool;
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
    Path file = temporary();
    try {
      String digest = receive(body, file);
      Content bytes = Content.of(file);
      if (!isArchive(bytes)) {
        throw new JobserverException(ErrorCode.BINARY_FORMAT, "Binary is not of the right format");
      }
      Instant now = clock.instant().truncatedTo(ChronoUnit.MILLIS);
      Binary binary = new Binary(name, type, now, digest, bytes.size());
      dao.insertBinary(binary, bytes);
      LOG.info("binary {}: stored {} bytes of {}", digest, binary.size(), type.label());
      return binary;
    } catch (DaoException e) {
      throw new JobserverException(ErrorCode.STORAGE, "The binary could not be stored", e);
    } finally {
      Files.deleteIfExists(file);
    }
  }

  private Path temporary() {
    try {
      return Files.createTempFile(spool, "upload", ".part");
    } catch (IOException e) {
      throw new JobserverException(ErrorCode.STORAGE, "There is no room for an upload", e);
    }
  }

  /** Copies a stream to a file, and tells a store that is full from a stream that broke off. */
  private static String receive(InputStream body, Path file) throws IOException {
    MessageDigest sha = sha256();
    byte[] buffer = new byte[64 * 1024];
    try (OutputStream out =
        new DigestOutputStream(new BufferedOutputStream(Files.newOutputStream(file)), sha)) {
      for (int read = body.read(buffer); read >= 0; read = body.read(buffer)) {
        write(out, buffer, read);
      }
    }
    return HexFormat.of().formatHex(sha.digest());
  }

  private static void write(OutputStream out, byte[] buffer, int length) {
    try {
      out.write(buffer, 0, length);
    } catch (IOException e) {
      throw new JobserverException(ErrorCode.STORAGE, "The upload could not be kept", e);
    }
  }

  private static boolean isArchive(Content bytes) throws IOException {
    try (InputStream in = bytes.open()) {
      return bytes.size() > ZIP.length && MessageDigest.isEqual(in.readNBytes(ZIP.length), ZIP);
    }
  }

  private static MessageDigest sha256() {
    try {
      return MessageDigest.getInstance("SHA-256");
    } catch (NoSuchAlgorithmException e) {
      throw new IllegalStateException("every Java has SHA-256", e);
    }
  }

  @Override
  public void delete(String name) {
    BinaryDeletion deletion = dao.deleteBinary(name);
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
