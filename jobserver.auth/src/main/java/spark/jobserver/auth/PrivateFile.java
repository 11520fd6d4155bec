package spark.jobserver.auth;

import static java.nio.charset.StandardCharsets.UTF_8;

import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.channels.FileChannel;
import java.nio.channels.FileLock;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardCopyOption;
import java.nio.file.StandardOpenOption;
import java.nio.file.attribute.BasicFileAttributes;
import java.nio.file.attribute.FileAttribute;
import java.nio.file.attribute.PosixFilePermissions;
import java.time.Instant;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.Set;
import java.util.function.Function;
import java.util.stream.Collectors;

/**
 * A file of lines in the folder {@code auth} of a data folder, which the server reads and a command
 * changes, at the same time: it is always replaced as a whole, and changes wait for each other. For
 * the folder's owner alone. Uses nothing but Java, as the commands have nothing else.
 */
final class PrivateFile {
  private static final long LARGEST_BYTES = 1 << 20;

  private final Path folder;
  private final Path file;

  PrivateFile(Path data, String name) {
    this.folder = data.resolve("auth");
    this.file = folder.resolve(name);
  }

  /**
   * What a file says.
   *
   * @param broken what is wrong, for those lines that say nothing; without their text
   */
  record Content<T>(List<T> read, List<String> broken) {}

  /** What changes when the file does. */
  record Version(Object file, Instant modified, long size) {}

  /** Another file of the same folder. */
  Path beside(String name) {
    return folder.resolve(name);
  }

  boolean exists() {
    return Files.exists(file);
  }

  /** The file's version; empty when it is not there. */
  Optional<Version> version() {
    try {
      BasicFileAttributes now = Files.readAttributes(file, BasicFileAttributes.class);
      return Optional.of(
          new Version(
              String.valueOf(now.fileKey()), now.lastModifiedTime().toInstant(), now.size()));
    } catch (IOException e) {
      return Optional.empty();
    }
  }

  /**
   * Reads the file, but for what is empty or begins with {@code #}.
   *
   * @param line reads a line, or throws an {@code IllegalArgumentException} that says what is wrong
   *     without what it says
   */
  <T> Content<T> read(Function<String, T> line) throws IOException {
    if (Files.size(file) > LARGEST_BYTES) {
      throw new IOException(file + " is larger than " + LARGEST_BYTES + " bytes");
    }
    List<T> read = new ArrayList<>();
    List<String> broken = new ArrayList<>();
    List<String> lines = new String(Files.readAllBytes(file), UTF_8).lines().toList();
    for (int i = 0; i < lines.size(); i++) {
      String text = lines.get(i).strip();
      if (text.isEmpty() || text.startsWith("#")) {
        continue;
      }
      try {
        read.add(line.apply(text));
      } catch (IllegalArgumentException e) {
        broken.add("%s: %d: %s".formatted(file, i + 1, e.getMessage()));
      }
    }
    return new Content<>(read, broken);
  }

  /** A change that may be refused by what it throws. */
  interface Change {
    boolean make() throws IOException;
  }

  /** Makes a change while nobody else, of any process, makes one. */
  boolean changing(Change change) throws IOException {
    Files.createDirectories(folder, only("rwx------"));
    Files.setPosixFilePermissions(folder, PosixFilePermissions.fromString("rwx------"));
    try (FileChannel channel =
            FileChannel.open(
                folder.resolve("lock"),
                Set.of(StandardOpenOption.CREATE, StandardOpenOption.WRITE),
                only("rw-------"));
        FileLock lock = channel.lock()) {
      return lock.isValid() && change.make();
    }
  }

  /** Adds a line; within a change. */
  void add(String line) throws IOException {
    List<String> lines = exists() ? lines() : new ArrayList<>();
    lines.add(line);
    write(lines);
  }

  /**
   * Takes away the lines that begin with a word; within a change.
   *
   * @return whether there was one
   */
  boolean remove(String word) throws IOException {
    if (!exists()) {
      return false;
    }
    List<String> lines = lines();
    if (!lines.removeIf(line -> line.strip().split("\\s+", 2)[0].equals(word))) {
      return false;
    }
    write(lines);
    return true;
  }

  private List<String> lines() throws IOException {
    return new ArrayList<>(Files.readAllLines(file, UTF_8));
  }

  private void write(List<String> lines) throws IOException {
    String text = lines.stream().map(line -> line + "\n").collect(Collectors.joining());
    if (text.getBytes(UTF_8).length > LARGEST_BYTES) {
      // It would not be read any more, and nobody known by it.
      throw new IOException(
          file + " would be larger than " + LARGEST_BYTES + " bytes: remove what has expired");
    }
    write(file, text);
  }

  /** Replaces a file of the folder. */
  static void write(Path file, String text) throws IOException {
    Path part = file.resolveSibling(file.getFileName() + ".part");
    Files.deleteIfExists(part);
    Files.createFile(part, only("rw-------"));
    try (FileChannel channel = FileChannel.open(part, StandardOpenOption.WRITE)) {
      channel.write(ByteBuffer.wrap(text.getBytes(UTF_8)));
      channel.force(true);
    }
    Files.move(part, file, StandardCopyOption.ATOMIC_MOVE, StandardCopyOption.REPLACE_EXISTING);
  }

  private static FileAttribute<?> only(String permissions) {
    return PosixFilePermissions.asFileAttribute(PosixFilePermissions.fromString(permissions));
  }
}
