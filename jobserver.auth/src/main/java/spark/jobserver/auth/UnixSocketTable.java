package spark.jobserver.auth;

import static java.nio.charset.StandardCharsets.ISO_8859_1;

import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.OptionalLong;
import java.util.stream.Stream;

/** The kernel's table of UNIX domain sockets: which has a name. */
final class UnixSocketTable {
  private static final int STATE = 5;
  private static final int INODE = 6;
  private static final int NAME = 7;
  private static final String CONNECTED = "03";

  private final Path table;

  /**
   * The table of this process's network.
   *
   * @param proc where the kernel tells of processes
   */
  UnixSocketTable(Path proc) {
    this.table = proc.resolve("self").resolve("net").resolve("unix");
  }

  /**
   * The inode of the one connected socket that has a name; empty when there is none, or when others
   * have the same name.
   *
   * @param name as its process has bound it, without white space
   */
  OptionalLong find(String name) {
    try (Stream<String> lines = Files.lines(table, ISO_8859_1)) {
      List<String[]> found =
          lines
              .filter(line -> line.endsWith(" " + name))
              .map(line -> line.split("\\s+", NAME + 1))
              .filter(fields -> fields.length > NAME && fields[NAME].equals(name))
              .toList();
      return found.size() == 1 && found.get(0)[STATE].equals(CONNECTED)
          ? OptionalLong.of(Long.parseLong(found.get(0)[INODE]))
          : OptionalLong.empty();
    } catch (IOException | UncheckedIOException | NumberFormatException e) {
      return OptionalLong.empty();
    }
  }
}
