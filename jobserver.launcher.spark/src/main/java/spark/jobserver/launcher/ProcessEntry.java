package spark.jobserver.launcher;

import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.DirectoryIteratorException;
import java.nio.file.DirectoryStream;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;

/**
 * A process as the kernel shows it under {@code /proc} at one moment.
 *
 * @param pid its id, which the kernel gives to another process later
 * @param parent the id of its parent
 * @param startTime when it started, in the kernel's ticks since boot: with the id it is unique
 * @param state the kernel's letter
 */
record ProcessEntry(long pid, long parent, long startTime, char state) {
  private static final Path PROC = Path.of("/proc");

  /** The process with this id; a zombie, which waits only to be noticed by its parent, is none. */
  static Optional<ProcessEntry> find(long pid) {
    try {
      return parse(Files.readString(folder(pid).resolve("stat"), StandardCharsets.ISO_8859_1))
          .filter(ProcessEntry::runs);
    } catch (IOException e) {
      return Optional.empty(); // It has ended.
    }
  }

  /** All processes that run. */
  static List<ProcessEntry> all() {
    List<ProcessEntry> entries = new ArrayList<>();
    try (DirectoryStream<Path> folders = Files.newDirectoryStream(PROC, "[0-9]*")) {
      for (Path folder : folders) {
        find(Long.parseLong(folder.getFileName().toString())).ifPresent(entries::add);
      }
    } catch (IOException | DirectoryIteratorException e) {
      throw new IllegalStateException("cannot read the list of processes under " + PROC, e);
    }
    return entries;
  }

  /** Reads {@code /proc/<pid>/stat}: the second field, in brackets, may hold anything. */
  static Optional<ProcessEntry> parse(String stat) {
    int open = stat.indexOf('(');
    int close = stat.lastIndexOf(')');
    if (open < 0 || close < open) {
      return Optional.empty();
    }
    String[] fields = stat.substring(close + 1).strip().split(" ", -1);
    if (fields.length < 20) {
      return Optional.empty();
    }
    return Optional.of(
        new ProcessEntry(
            Long.parseLong(stat.substring(0, open).strip()),
            Long.parseLong(fields[1]),
            Long.parseLong(fields[19]),
            fields[0].charAt(0)));
  }

  private boolean runs() {
    return state != 'Z' && state != 'X';
  }

  /** Whether its environment, as it was when it started, holds this {@code NAME=value}. */
  boolean hasVariable(String variable) {
    try {
      byte[] environment = Files.readAllBytes(folder(pid).resolve("environ"));
      String text = '\0' + new String(environment, StandardCharsets.UTF_8) + '\0';
      return text.contains('\0' + variable + '\0');
    } catch (IOException e) {
      return false; // It has ended, or belongs to another user.
    }
  }

  /** Sends SIGKILL, but to no later process of the same id. */
  void kill() {
    if (find(pid).filter(now -> now.startTime == startTime).isPresent()) {
      ProcessHandle.of(pid).ifPresent(ProcessHandle::destroyForcibly);
    }
  }

  private static Path folder(long pid) {
    return PROC.resolve(Long.toString(pid));
  }
}
