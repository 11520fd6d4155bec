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
import java.util.stream.Collectors;

/**
 * The tokens of a data folder, in {@code auth/tokens}: a line for each. The server reads them and
 * {@link TokenCommand} changes them, at the same time: a file is always replaced as a whole, and
 * changes wait for each other. For the folder's owner alone. Uses nothing but Java, as the command
 * has nothing else.
 */
final class TokenFile {
  /** The name of the token that is made with the file. */
  private static final String FIRST = "local";

  private static final long LARGEST_BYTES = 1 << 20;

  private final Path folder;
  private final Path tokens;

  TokenFile(Path data) {
    this.folder = data.resolve("auth");
    this.tokens = folder.resolve("tokens");
  }

  /**
   * What a file says.
   *
   * @param broken what is wrong, for those lines that give nobody access; without their text
   */
  record Content(List<Token> tokens, List<String> broken) {}

  /** What changes when the file does. */
  record Version(Object file, Instant modified, long size) {}

  /** Where the text of the first token is. */
  Path localToken() {
    return folder.resolve("local-token");
  }

  /** The file's version; empty when it is not there. */
  Optional<Version> version() {
    try {
      BasicFileAttributes now = Files.readAttributes(tokens, BasicFileAttributes.class);
      return Optional.of(
          new Version(
              String.valueOf(now.fileKey()), now.lastModifiedTime().toInstant(), now.size()));
    } catch (IOException e) {
      return Optional.empty();
    }
  }

  /** Reads the file. */
  Content read() throws IOException {
    if (Files.size(tokens) > LARGEST_BYTES) {
      throw new IOException(tokens + " is larger than " + LARGEST_BYTES + " bytes");
    }
    List<Token> read = new ArrayList<>();
    List<String> broken = new ArrayList<>();
    List<String> lines = new String(Files.readAllBytes(tokens), UTF_8).lines().toList();
    for (int i = 0; i < lines.size(); i++) {
      String line = lines.get(i).strip();
      if (line.isEmpty() || line.startsWith("#")) {
        continue;
      }
      try {
        read.add(Token.of(line));
      } catch (IllegalArgumentException e) {
        broken.add("%s: %d: %s".formatted(tokens, i + 1, e.getMessage()));
      }
    }
    return new Content(read, broken);
  }

  /**
   * Makes the file where there is none, with a first token of role admin, whose text goes into
   * {@link #localToken}.
   *
   * @return whether there was none
   */
  boolean make() throws IOException {
    return changing(this::makeUnderLock);
  }

  private boolean makeUnderLock() throws IOException {
    if (Files.exists(tokens)) {
      return false;
    }
    String text = Token.newText();
    write(localToken(), text + "\n");
    Token first =
        new Token(FIRST, Token.hash(text), Role.ADMIN.text(), Instant.now(), Optional.empty());
    write(List.of(first.line()));
    return true;
  }

  /**
   * Adds a token.
   *
   * @throws IllegalArgumentException when one has this name, or the name or the role is none
   */
  void add(Token token) throws IOException {
    changing(
        () -> {
          makeUnderLock();
          if (read().tokens().stream().anyMatch(other -> other.name().equals(token.name()))) {
            throw new IllegalArgumentException(
                "There is a token %s already. Revoke it first, or choose another name."
                    .formatted(token.name()));
          }
          List<String> lines = lines();
          lines.add(token.line());
          write(lines);
          return true;
        });
  }

  /**
   * Takes a token away.
   *
   * @return whether there was one
   */
  boolean remove(String name) throws IOException {
    return changing(
        () -> {
          if (!Files.exists(tokens)) {
            return false;
          }
          List<String> lines = lines();
          if (!lines.removeIf(line -> line.strip().split("\\s+", 2)[0].equals(name))) {
            return false;
          }
          write(lines);
          if (name.equals(FIRST)) {
            Files.deleteIfExists(localToken());
          }
          return true;
        });
  }

  private List<String> lines() throws IOException {
    return new ArrayList<>(Files.readAllLines(tokens, UTF_8));
  }

  private interface Change {
    boolean make() throws IOException;
  }

  /** Makes a change while nobody else, of any process, makes one. */
  private boolean changing(Change change) throws IOException {
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

  private void write(List<String> lines) throws IOException {
    write(tokens, lines.stream().map(line -> line + "\n").collect(Collectors.joining()));
  }

  private static void write(Path file, String text) throws IOException {
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
