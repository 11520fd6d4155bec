package spark.jobserver.shell;

import static java.nio.charset.StandardCharsets.UTF_8;

import java.io.IOException;
import java.net.StandardProtocolFamily;
import java.net.UnixDomainSocketAddress;
import java.nio.channels.ServerSocketChannel;
import java.nio.file.DirectoryStream;
import java.nio.file.Files;
import java.nio.file.LinkOption;
import java.nio.file.Path;
import java.nio.file.attribute.PosixFilePermissions;

/** The server's socket and its folder, for its user alone. */
final class SocketFile {
  private static final int BACKLOG = 8;

  private SocketFile() {}

  /**
   * Listens at the socket, in place of one that a server before has left.
   *
   * @param folder made where there is none
   * @throws IOException saying why not
   */
  static ServerSocketChannel listen(Path folder) throws IOException {
    Path socket = Wire.socket(folder);
    // Those of clients are longer.
    int length = Wire.clientSocket(folder).toString().getBytes(UTF_8).length;
    if (length > Wire.LONGEST_PATH) {
      throw new IOException(
          "the path of a UNIX socket may have %d bytes, and one in %s has %d: start the server in its data folder, as bin/jobserver does, or with a data folder whose path is shorter"
              .formatted(Wire.LONGEST_PATH, folder, length));
    }
    if (!Files.isDirectory(folder, LinkOption.NOFOLLOW_LINKS)) {
      Files.createDirectory(
          folder,
          PosixFilePermissions.asFileAttribute(PosixFilePermissions.fromString("rwx------")));
    }
    Files.setPosixFilePermissions(folder, PosixFilePermissions.fromString("rwx------"));
    clear(folder);
    ServerSocketChannel listening = ServerSocketChannel.open(StandardProtocolFamily.UNIX);
    try {
      listening.bind(UnixDomainSocketAddress.of(socket), BACKLOG);
      Files.setPosixFilePermissions(socket, PosixFilePermissions.fromString("rw-------"));
      return listening;
    } catch (IOException | RuntimeException e) {
      listening.close();
      throw e;
    }
  }

  /** Removes the sockets that a server and clients have left: they hold the data folder no more. */
  static void clear(Path folder) throws IOException {
    if (!Files.isDirectory(folder, LinkOption.NOFOLLOW_LINKS)) {
      return;
    }
    Files.deleteIfExists(Wire.socket(folder));
    try (DirectoryStream<Path> left = Files.newDirectoryStream(folder, Wire.CLIENTS)) {
      for (Path socket : left) {
        Files.deleteIfExists(socket);
      }
    }
  }
}
