package spark.jobserver.core;

import java.io.BufferedOutputStream;
import java.io.IOException;
import java.io.InputStream;
import java.io.OutputStream;
import java.nio.file.Files;
import java.nio.file.Path;
import java.security.DigestOutputStream;
import java.security.MessageDigest;
import java.util.HexFormat;
import spark.jobserver.api.FullDisk;
import spark.jobserver.api.dao.StoreFullException;
import spark.jobserver.api.server.ErrorCode;
import spark.jobserver.api.server.JobserverException;

/** Where uploads lie while they come in: nothing of them is visible before all of it is there. */
public final class Spool {
  private static final int BUFFER = 64 * 1024;

  /** With less than this, in bytes, a disk counts as full: others write to it too. */
  private static final long FULL = 1024 * 1024;

  private final Path folder;

  /**
   * A spool.
   *
   * @param folder which nobody else writes to
   */
  public Spool(Path folder) {
    this.folder = folder;
  }

  /**
   * Reads a stream to its end.
   *
   * @throws JobserverException {@link ErrorCode#NO_ROOM} or {@link ErrorCode#STORAGE} when it
   *     cannot be kept
   * @throws IOException when the stream cannot be read; nothing is left of it
   */
  public Received receive(InputStream body) throws IOException {
    Path file = temporary();
    boolean complete = false;
    try {
      String digest = copy(body, file);
      complete = true;
      return new Received(file, digest);
    } finally {
      if (!complete) {
        Files.deleteIfExists(file);
      }
    }
  }

  private Path temporary() {
    try {
      return Files.createTempFile(folder, "upload", ".part");
    } catch (IOException e) {
      throw failure("The upload could not be kept", e);
    }
  }

  /** Copies a stream to a file, and tells a disk that is full from a stream that broke off. */
  private String copy(InputStream body, Path file) throws IOException {
    MessageDigest sha = Sha256.digest();
    byte[] buffer = new byte[BUFFER];
    OutputStream out = open(file, sha);
    try {
      for (int read = body.read(buffer); read >= 0; read = body.read(buffer)) {
        write(out, buffer, read);
      }
    } finally {
      close(out);
    }
    return HexFormat.of().formatHex(sha.digest());
  }

  private OutputStream open(Path file, MessageDigest sha) {
    try {
      return new DigestOutputStream(new BufferedOutputStream(Files.newOutputStream(file)), sha);
    } catch (IOException e) {
      throw failure("The upload could not be kept", e);
    }
  }

  private void write(OutputStream out, byte[] buffer, int length) {
    try {
      out.write(buffer, 0, length);
    } catch (IOException e) {
      throw failure("The upload could not be kept", e);
    }
  }

  private void close(OutputStream out) {
    try {
      out.close();
    } catch (IOException e) {
      throw failure("The upload could not be kept", e);
    }
  }

  /** What a caller is told of what could not be written: a disk that is full has its own word. */
  public JobserverException failure(String what, Exception cause) {
    return isFull(cause)
        ? new JobserverException(
            ErrorCode.NO_ROOM, what + ": there is no room on the server's disk", cause)
        : new JobserverException(ErrorCode.STORAGE, what, cause);
  }

  private boolean isFull(Exception cause) {
    if (cause instanceof StoreFullException || FullDisk.isToldBy(cause)) {
      return true;
    }
    try {
      return Files.getFileStore(folder).getUsableSpace() < FULL;
    } catch (IOException e) {
      return false;
    }
  }

  /**
   * The SHA-256 of a file's bytes in hexadecimal digits.
   *
   * @throws IOException when it cannot be read
   */
  static String digest(Path file) throws IOException {
    MessageDigest sha = Sha256.digest();
    try (OutputStream out = new DigestOutputStream(OutputStream.nullOutputStream(), sha)) {
      Files.copy(file, out);
    }
    return HexFormat.of().formatHex(sha.digest());
  }

  /**
   * An upload that is complete. Closing removes the file, unless it was moved.
   *
   * @param digest the SHA-256 of its bytes in hexadecimal digits
   */
  public record Received(Path file, String digest) implements AutoCloseable {
    @Override
    public void close() throws IOException {
      Files.deleteIfExists(file);
    }
  }
}
