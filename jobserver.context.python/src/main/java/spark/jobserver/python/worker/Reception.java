package spark.jobserver.python.worker;

import static java.nio.charset.StandardCharsets.UTF_8;

import com.fasterxml.jackson.databind.JsonNode;
import java.io.Closeable;
import java.io.IOException;
import java.net.StandardProtocolFamily;
import java.net.UnixDomainSocketAddress;
import java.nio.channels.ServerSocketChannel;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.attribute.PosixFilePermissions;
import java.util.Set;
import java.util.concurrent.ConcurrentHashMap;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * The UNIX socket that the Python processes of a context connect to, and the first message of each.
 */
final class Reception implements Closeable {
  /** A socket's path may not be longer, with some room left. */
  private static final int LONGEST_PATH = 100;

  private static final String NAME = "workers.sock";
  private static final Logger logger = LoggerFactory.getLogger(Reception.class);

  /** Is told of each connection on a thread of its own. */
  interface Host {
    /** The connection is the host's from now on. */
    void greeted(Connection connection, JsonNode hello);
  }

  private final Path socket;
  private final ServerSocketChannel server;
  private final ContextThreads threads;
  private final Set<Connection> silent = ConcurrentHashMap.newKeySet();

  private Reception(Path socket, ServerSocketChannel server, ContextThreads threads) {
    this.socket = socket;
    this.server = server;
    this.threads = threads;
  }

  /** Opens a socket in a folder, or where its path would be too long, in a new temporary one. */
  static Reception open(Path folder, ContextThreads threads) throws IOException {
    Path socket = socketIn(folder);
    Files.deleteIfExists(socket);
    ServerSocketChannel server = ServerSocketChannel.open(StandardProtocolFamily.UNIX);
    server.bind(UnixDomainSocketAddress.of(socket));
    Files.setPosixFilePermissions(socket, PosixFilePermissions.fromString("rw-------"));
    return new Reception(socket, server, threads);
  }

  private static Path socketIn(Path folder) throws IOException {
    Path absolute = folder.toAbsolutePath().resolve(NAME);
    Path relative = Path.of("").toAbsolutePath().relativize(absolute);
    if (relative.toString().getBytes(UTF_8).length <= LONGEST_PATH) {
      return relative;
    }
    if (absolute.toString().getBytes(UTF_8).length <= LONGEST_PATH) {
      return absolute;
    }
    return Files.createTempDirectory("jobserver").resolve(NAME);
  }

  /** The socket's path, where it can be relative to the working directory. */
  Path socket() {
    return socket;
  }

  /** Begins to take connections. */
  void admit(Host host) {
    threads
        .newThread(
            "python-reception",
            () -> {
              try {
                while (true) {
                  Connection connection = new Connection(server.accept());
                  silent.add(connection);
                  threads.newThread("python-hello", () -> greet(connection, host)).start();
                }
              } catch (IOException e) {
                logger.debug("{} is closed", socket, e);
              }
            })
        .start();
  }

  private void greet(Connection connection, Host host) {
    try {
      JsonNode hello = connection.read();
      silent.remove(connection);
      host.greeted(connection, hello);
    } catch (IOException e) {
      silent.remove(connection);
      Quietly.close(connection);
    }
  }

  /** Takes no more connections, and lets go of those that have said nothing yet. */
  @Override
  public void close() throws IOException {
    server.close();
    silent.forEach(Quietly::close);
    Files.deleteIfExists(socket);
  }
}
