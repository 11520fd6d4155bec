package spark.jobserver.shell;

import java.io.IOException;
import java.net.StandardProtocolFamily;
import java.net.UnixDomainSocketAddress;
import java.nio.channels.ServerSocketChannel;
import java.nio.channels.SocketChannel;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;

/** Both ends of a connection. */
record Pair(SocketChannel socket, LineChannel client, LineChannel server) implements AutoCloseable {
  static Pair open(Path folder) throws IOException {
    UnixDomainSocketAddress address = UnixDomainSocketAddress.of(folder.resolve("pair"));
    try (ServerSocketChannel listening = ServerSocketChannel.open(StandardProtocolFamily.UNIX)) {
      listening.bind(address);
      SocketChannel client = SocketChannel.open(address);
      return new Pair(client, new LineChannel(client), new LineChannel(listening.accept()));
    } finally {
      Files.deleteIfExists(address.getPath());
    }
  }

  /** What is sent until the end of the answer, with that. */
  static List<String> answer(LineChannel client) throws IOException {
    List<String> lines = new ArrayList<>();
    Optional<String> line;
    do {
      line = client.readLine();
      line.ifPresent(lines::add);
    } while (line.isPresent() && !line.get().matches("ok|failed"));
    return lines;
  }

  @Override
  public void close() throws IOException {
    client.close();
    server.close();
  }
}
