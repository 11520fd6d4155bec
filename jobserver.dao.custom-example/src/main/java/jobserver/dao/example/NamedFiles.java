package jobserver.dao.example;

import static java.nio.file.StandardCopyOption.ATOMIC_MOVE;

import java.io.IOException;
import java.io.InputStream;
import java.nio.channels.FileChannel;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardCopyOption;
import java.nio.file.StandardOpenOption;
import java.security.MessageDigest;
import java.security.NoSuchAlgorithmException;
import java.util.ArrayList;
import java.util.HexFormat;
import java.util.List;
import java.util.stream.Stream;
import spark.jobserver.api.Content;

/**
 * Files of a folder, each under a name that may be any text. A file is there as a whole or not at
 * all, and is on the disk when a method returns.
 */
final class NamedFiles {
  private static final String PART = ".part";

  private final Path folder;

  /** The files in a folder, which is made. What a crash has left half written is removed. */
  NamedFiles(Path folder) throws IOException {
    this.folder = Files.createDirectories(folder);
    for (Path file : list()) {
      if (file.getFileName().toString().endsWith(PART)) {
        Files.delete(file);
      }
    }
  }

  private List<Path> list() throws IOException {
    try (Stream<Path> files = Files.list(folder)) {
      return files.toList();
    }
  }

  /** The bytes of each. */
  List<byte[]> all() throws IOException {
    List<byte[]> all = new ArrayList<>();
    for (Path file : list()) {
      all.add(Files.readAllBytes(file));
    }
    return all;
  }

  /** A new file that is in nobody's way, of bytes that may come slowly. */
  Path part(Content bytes) throws IOException {
    Path part = Files.createTempFile(folder, "", PART);
    boolean whole = false;
    try (InputStream in = bytes.open()) {
      long size = Files.copy(in, part, StandardCopyOption.REPLACE_EXISTING);
      if (size != bytes.size()) {
        throw new IOException(size + " bytes came where " + bytes.size() + " were announced");
      }
      sync(part, StandardOpenOption.WRITE);
      whole = true;
      return part;
    } finally {
      if (!whole) {
        Files.deleteIfExists(part);
      }
    }
  }

  /** Gives a part its name. */
  void take(Path part, String name) throws IOException {
    Files.move(part, path(name), ATOMIC_MOVE);
    sync(folder, StandardOpenOption.READ);
  }

  void write(String name, byte[] bytes) throws IOException {
    take(part(Content.of(bytes)), name);
  }

  boolean has(String name) {
    return Files.exists(path(name));
  }

  Content content(String name) throws IOException {
    return Content.of(path(name));
  }

  void remove(String name) throws IOException {
    Files.deleteIfExists(path(name));
    sync(folder, StandardOpenOption.READ);
  }

  void clear() throws IOException {
    for (Path file : list()) {
      Files.deleteIfExists(file);
    }
  }

  private static void sync(Path file, StandardOpenOption how) throws IOException {
    try (FileChannel channel = FileChannel.open(file, how)) {
      channel.force(true);
    }
  }

  /** Names that are no digest yet can hold what no file's name does. */
  private Path path(String name) {
    return folder.resolve(digest(name.getBytes(StandardCharsets.UTF_8)));
  }

  private static String digest(byte[] bytes) {
    return HexFormat.of().formatHex(sha256().digest(bytes));
  }

  static MessageDigest sha256() {
    try {
      return MessageDigest.getInstance("SHA-256");
    } catch (NoSuchAlgorithmException e) {
      throw new IllegalStateException("every Java has SHA-256", e);
    }
  }

  static String digest(Path file) throws IOException {
    MessageDigest sha = sha256();
    byte[] buffer = new byte[64 * 1024];
    try (InputStream in = Files.newInputStream(file)) {
      for (int length = in.read(buffer); length >= 0; length = in.read(buffer)) {
        sha.update(buffer, 0, length);
      }
    }
    return HexFormat.of().formatHex(sha.digest());
  }
}
