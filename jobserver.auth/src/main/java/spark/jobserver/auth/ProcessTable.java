package spark.jobserver.auth;

import static java.nio.charset.StandardCharsets.ISO_8859_1;

import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.Collections;
import java.util.Deque;
import java.util.List;
import java.util.Optional;
import java.util.OptionalLong;
import java.util.Set;
import java.util.function.Supplier;
import java.util.stream.Collectors;
import java.util.stream.LongStream;
import java.util.stream.Stream;

/** The kernel's table of processes: which has a socket open, and whether it is of a driver. */
final class ProcessTable {
  /**
   * What the environment of a driver has, and that of what it starts if that leaves it as it is.
   */
  private static final String DRIVER = "JOBSERVER_DRIVER=";

  /** How many processes are remembered that had sockets: they are likely to have the next. */
  private static final int MOST_RECENT = 8;

  /** How many of the ids that were given last are looked at before all. */
  private static final int YOUNGEST = 16;

  private static final int DEEPEST = 64;

  /** The namespaces that make a container of what is in others: another user, whatever its id. */
  private static final List<String> APART = List.of("pid", "user");

  /** The line of {@code status} with the process of a thread. */
  private static final String PROCESS = "Tgid:";

  /** The field of {@code loadavg} with the id that the kernel gave last. */
  private static final int LAST_GIVEN = 4;

  private final Path proc;
  private final long server;

  /** The last found first; guarded by itself. */
  private final Deque<Long> recent = new ArrayDeque<>();

  /**
   * The table.
   *
   * @param proc where the kernel tells of processes
   * @param server the server's own process
   */
  ProcessTable(Path proc, long server) {
    this.proc = proc;
    this.server = server;
  }

  /**
   * A process that has a socket open; empty when there is none that this user may look at.
   *
   * @param inode the socket's
   */
  Optional<Long> holder(long inode) {
    String socket = "socket:[" + inode + "]";
    Optional<Long> found =
        Stream.<Supplier<List<Long>>>of(this::remembered, this::youngest, this::all)
            .flatMap(processes -> processes.get().stream())
            .filter(process -> has(process, socket))
            .findFirst()
            .flatMap(this::processOf);
    // The server has more files open than its clients, and calls itself rarely.
    found.filter(process -> process != server).ifPresent(this::remember);
    return found;
  }

  /**
   * All processes that have a socket open, of those that this user may look at. Looks at all there
   * are.
   *
   * @param inode the socket's
   */
  Set<Long> holders(long inode) {
    String socket = "socket:[" + inode + "]";
    return all().stream().filter(process -> has(process, socket)).collect(Collectors.toSet());
  }

  /** Whether a process is taken for the user's, as no job is. */
  Finding judge(long process) {
    return isBesideServer(process)
        ? isOfDriver(process)
            .map(ofDriver -> ofDriver ? Finding.FOREIGN : Finding.OWN)
            .orElse(Finding.NOTHING)
        : Finding.HIDDEN;
  }

  /**
   * The id of the effective user of this process; empty when the kernel does not tell.
   *
   * @param proc where the kernel tells of processes
   */
  static OptionalLong user(Path proc) {
    try {
      return Files.readAllLines(proc.resolve("self/status")).stream()
          .filter(line -> line.startsWith("Uid:"))
          .mapToLong(line -> Long.parseLong(line.split("\\s+", -1)[2]))
          .findFirst();
    } catch (IOException | NumberFormatException e) {
      return OptionalLong.empty();
    }
  }

  private List<Long> remembered() {
    synchronized (recent) {
      return List.copyOf(recent);
    }
  }

  private void remember(long process) {
    synchronized (recent) {
      recent.remove(process);
      recent.addFirst(process);
      if (recent.size() > MOST_RECENT) {
        recent.removeLast();
      }
    }
  }

  /**
   * The ids that were given last, the last first, of processes and of threads: most clients live
   * for one request, and to go through all would take longer.
   */
  private List<Long> youngest() {
    try {
      String[] fields = Files.readString(proc.resolve("loadavg"), ISO_8859_1).split("\\s+", -1);
      long last = Long.parseLong(fields[LAST_GIVEN]);
      return LongStream.range(0, YOUNGEST).mapToObj(before -> last - before).toList();
    } catch (IOException | NumberFormatException | ArrayIndexOutOfBoundsException e) {
      return List.of();
    }
  }

  private List<Long> all() {
    List<Long> all = new ArrayList<>();
    for (String name : names(proc)) {
      if (name.chars().allMatch(c -> c >= '0' && c <= '9')) {
        all.add(Long.parseLong(name));
      }
    }
    all.sort(Collections.reverseOrder());
    return all;
  }

  /** The process of a thread; a process is one of its own threads. */
  private Optional<Long> processOf(long thread) {
    try (Stream<String> lines = Files.lines(folder(thread).resolve("status"), ISO_8859_1)) {
      return lines
          .filter(line -> line.startsWith(PROCESS))
          .findFirst()
          .map(line -> Long.valueOf(line.substring(PROCESS.length()).strip()));
    } catch (IOException | UncheckedIOException | NumberFormatException e) {
      return Optional.empty();
    }
  }

  private boolean has(long process, String socket) {
    Path files = folder(process).resolve("fd");
    // The last opened first, as a rule.
    List<String> names = names(files);
    Collections.reverse(names);
    return names.stream().anyMatch(name -> leadsTo(files.resolve(name), socket));
  }

  /** What is in a folder, in the kernel's order; nothing when this user may not look. */
  private static List<String> names(Path folder) {
    String[] names = folder.toFile().list();
    return names == null ? List.of() : Arrays.asList(names);
  }

  private static boolean leadsTo(Path file, String socket) {
    try {
      return Files.readSymbolicLink(file).toString().equals(socket);
    } catch (IOException e) {
      return false;
    }
  }

  /**
   * Whether a process is in no container that the server is not in, too. The user of a container
   * may have the id of the server's, and be somebody else.
   */
  boolean isBesideServer(long process) {
    Path ours = proc.resolve("self");
    return APART.stream()
        .allMatch(kind -> namespace(folder(process), kind).equals(namespace(ours, kind)));
  }

  /** Empty where the kernel does not tell, of all processes or of this. */
  private static Optional<Path> namespace(Path process, String kind) {
    try {
      return Optional.of(Files.readSymbolicLink(process.resolve("ns").resolve(kind)));
    } catch (IOException e) {
      return Optional.empty();
    }
  }

  /**
   * Whether a process is the server itself or one that it or a driver has started, directly or not.
   * The kernel keeps no longer line of descent than that of the processes that live: whose parents
   * have ended, and that has also cleared its environment, is not recognised.
   *
   * @return empty when one of the processes ended while it was looked at
   */
  Optional<Boolean> isOfDriver(long process) {
    long next = process;
    for (int depth = 0; depth < DEEPEST; depth++) {
      if (next == server || hasMarker(next)) {
        return Optional.of(true);
      }
      OptionalLong parent = parent(next);
      if (parent.isEmpty() || parent.getAsLong() <= 1) {
        return parent.isEmpty() ? Optional.empty() : Optional.of(false);
      }
      next = parent.getAsLong();
    }
    return Optional.of(true);
  }

  private boolean hasMarker(long process) {
    try {
      String environment = "\0" + Files.readString(folder(process).resolve("environ"), ISO_8859_1);
      return environment.contains("\0" + DRIVER);
    } catch (IOException e) {
      // Of another user, who runs no driver of this server.
      return false;
    }
  }

  private OptionalLong parent(long process) {
    try {
      String stat = Files.readString(folder(process).resolve("stat"), ISO_8859_1);
      // The name before may have any characters.
      return OptionalLong.of(
          Long.parseLong(stat.substring(stat.lastIndexOf(')') + 1).strip().split(" ", 3)[1]));
    } catch (IOException | NumberFormatException | ArrayIndexOutOfBoundsException e) {
      return OptionalLong.empty();
    }
  }

  private Path folder(long process) {
    return proc.resolve(String.valueOf(process));
  }
}
