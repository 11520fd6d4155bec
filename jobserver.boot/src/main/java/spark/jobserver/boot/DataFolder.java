package spark.jobserver.boot;

import static java.nio.charset.StandardCharsets.UTF_8;

import java.io.IOException;
import java.nio.channels.FileChannel;
import java.nio.channels.FileLock;
import java.nio.channels.OverlappingFileLockException;
import java.nio.file.FileSystemException;
import java.nio.file.FileSystems;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardCopyOption;
import java.nio.file.StandardOpenOption;
import java.nio.file.attribute.FileAttribute;
import java.nio.file.attribute.PosixFileAttributeView;
import java.nio.file.attribute.PosixFilePermission;
import java.nio.file.attribute.PosixFilePermissions;
import java.time.Instant;
import java.util.HashSet;
import java.util.Set;

/**
 * The folder a server keeps everything in, held by one server at a time.
 *
 * <p>The lock is the operating system's, on the file {@code lock}: it goes with the process,
 * however that ends. {@code server.pid} tells people and scripts who holds it: the process id, and
 * on a line of its own when that process started, so that no other process is taken for it.
 */
final class DataFolder implements AutoCloseable {
  private static final String PID = "server.pid";

  private static final Set<PosixFilePermission> OTHERS =
      PosixFilePermissions.fromString("------rwx");

  private final Path path;
  private final FileChannel lock;

  private DataFolder(Path path, FileChannel lock) {
    this.path = path;
    this.lock = lock;
  }

  /**
   * Makes the folder where there is none, for its owner alone, and takes it. From others one that
   * is there already is closed; what its group may do the operator has chosen.
   *
   * @throws CannotStart when another server holds it, or it cannot be written
   */
  static DataFolder take(Path path) throws CannotStart {
    Path folder = path.toAbsolutePath().normalize();
    try {
      if (!Files.isDirectory(folder)) {
        Files.createDirectories(folder, ownerOnly());
      }
      closeToOthers(folder);
      FileChannel channel =
          FileChannel.open(
              folder.resolve("lock"), StandardOpenOption.CREATE, StandardOpenOption.WRITE);
      if (!lock(channel)) {
        channel.close();
        throw new CannotStart(
            ExitCode.DATA,
            "The data folder %s is used by a running server%s. Stop it, or start this one with another folder (--data)."
                .formatted(folder, holder(folder)));
      }
      DataFolder taken = new DataFolder(folder, channel);
      taken.writePid();
      return taken;
    } catch (IOException e) {
      throw new CannotStart(
          ExitCode.DATA, "The data folder %s cannot be written: %s".formatted(folder, e), e);
    }
  }

  Path path() {
    return path;
  }

  Path resolve(String name) {
    return path.resolve(name);
  }

  /** Lets the folder go. */
  @Override
  public void close() throws IOException {
    Files.deleteIfExists(path.resolve(PID));
    lock.close();
  }

  private static boolean lock(FileChannel channel) throws IOException {
    try {
      FileLock lock = channel.tryLock();
      return lock != null;
    } catch (OverlappingFileLockException e) {
      return false;
    }
  }

  private static FileAttribute<?>[] ownerOnly() {
    boolean posix = FileSystems.getDefault().supportedFileAttributeViews().contains("posix");
    return posix
        ? new FileAttribute<?>[] {
          PosixFilePermissions.asFileAttribute(PosixFilePermissions.fromString("rwx------"))
        }
        : new FileAttribute<?>[0];
  }

  /** It has what jobs have returned, and what is in the logs. */
  private static void closeToOthers(Path folder) throws IOException {
    PosixFileAttributeView view = Files.getFileAttributeView(folder, PosixFileAttributeView.class);
    if (view == null) {
      return;
    }
    Set<PosixFilePermission> permissions = new HashSet<>(view.readAttributes().permissions());
    if (permissions.removeAll(OTHERS)) {
      try {
        view.setPermissions(permissions);
      } catch (FileSystemException e) {
        // Another user's, who has let this one write there.
        System.err.println("Other users may look into the data folder " + folder + ": " + e);
      }
    }
  }

  private static String holder(Path folder) {
    try {
      return " (process "
          + Files.readAllLines(folder.resolve(PID), UTF_8).stream().findFirst().orElse("unknown")
          + ")";
    } catch (IOException e) {
      return "";
    }
  }

  private void writePid() throws IOException {
    ProcessHandle process = ProcessHandle.current();
    Instant start = process.info().startInstant().orElseGet(Instant::now);
    Path part = path.resolve(PID + ".part");
    Files.writeString(part, process.pid() + "\n" + start + "\n", UTF_8);
    Files.move(
        part,
        path.resolve(PID),
        StandardCopyOption.ATOMIC_MOVE,
        StandardCopyOption.REPLACE_EXISTING);
  }
}
