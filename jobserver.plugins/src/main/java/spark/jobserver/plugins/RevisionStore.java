package spark.jobserver.plugins;

import java.io.IOException;
import java.io.InputStream;
import java.io.OutputStream;
import java.nio.channels.FileChannel;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardCopyOption;
import java.nio.file.StandardOpenOption;
import java.security.DigestOutputStream;
import java.security.MessageDigest;
import java.security.NoSuchAlgorithmException;
import java.time.Instant;
import java.util.HexFormat;
import java.util.List;
import java.util.Set;
import java.util.stream.Stream;

/**
 * The bytes of plugins by their digest. What runs runs from here, so that a file of the operator's
 * may be replaced, written over or deleted at any time, and the previous revision is at hand.
 */
final class RevisionStore {
  private static final String JAR = ".jar";
  private static final String PART = ".part";

  private final Path folder;

  /**
   * @param folder where the bytes are kept; made when needed
   */
  RevisionStore(Path folder) {
    this.folder = folder;
  }

  /**
   * Keeps bytes, synced. Reads the stream to its end and does not close it.
   *
   * @return their SHA-256, in hexadecimal
   */
  String keep(InputStream bytes) throws IOException {
    Files.createDirectories(folder);
    Path part = Files.createTempFile(folder, "plugin", PART);
    try {
      MessageDigest sha = sha256();
      try (OutputStream out = new DigestOutputStream(Files.newOutputStream(part), sha)) {
        bytes.transferTo(out);
      }
      try (FileChannel written = FileChannel.open(part, StandardOpenOption.WRITE)) {
        written.force(true);
      }
      String digest = HexFormat.of().formatHex(sha.digest());
      // A bundle that runs has its file open: it keeps that one, and these are the same bytes.
      Files.move(
          part, path(digest), StandardCopyOption.ATOMIC_MOVE, StandardCopyOption.REPLACE_EXISTING);
      return digest;
    } finally {
      Files.deleteIfExists(part);
    }
  }

  private static MessageDigest sha256() {
    try {
      return MessageDigest.getInstance("SHA-256");
    } catch (NoSuchAlgorithmException e) {
      throw new IllegalStateException("every JDK has SHA-256", e);
    }
  }

  boolean has(String digest) {
    return Files.isRegularFile(path(digest));
  }

  /** Where the bytes of this digest are, or would be. */
  Path path(String digest) {
    return folder.resolve(digest + JAR);
  }

  /** What is not yet, or was never, whole is a part: a server that died has left it. */
  private static boolean isOwn(Path file) {
    String name = file.getFileName().toString();
    return name.endsWith(JAR) || name.endsWith(PART);
  }

  /**
   * Removes what nobody needs any more. What was kept lately stays: it may be about to be used.
   *
   * @param needed the digests of what must stay
   * @param before only what was kept before this time goes
   */
  void retain(Set<String> needed, Instant before) throws IOException {
    if (!Files.isDirectory(folder)) {
      return;
    }
    List<Path> jars;
    try (Stream<Path> files = Files.list(folder)) {
      jars = files.filter(RevisionStore::isOwn).toList();
    }
    for (Path jar : jars) {
      boolean needless = !needed.contains(jar.getFileName().toString().replace(JAR, ""));
      if (needless && Files.getLastModifiedTime(jar).toInstant().isBefore(before)) {
        Files.deleteIfExists(jar);
      }
    }
  }
}
