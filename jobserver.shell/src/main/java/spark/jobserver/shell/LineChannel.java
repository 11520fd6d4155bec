package spark.jobserver.shell;

import static java.nio.charset.StandardCharsets.UTF_8;

import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.channels.SocketChannel;
import java.util.Optional;

/**
 * A connection as lines. Lines may be written by several threads, also while one reads; one thread
 * reads at a time.
 */
final class LineChannel implements AutoCloseable {
  private final SocketChannel channel;
  private final ByteBuffer read = ByteBuffer.allocate(4096).flip();
  private final Object writing = new Object();

  /** A connection, in blocking mode. */
  LineChannel(SocketChannel channel) {
    this.channel = channel;
  }

  /**
   * Waits for a line.
   *
   * @return the line without its end; empty at the end of the connection
   * @throws IOException when the connection breaks, or the line is longer than one may be
   */
  Optional<String> readLine() throws IOException {
    ByteArrayOutputStream line = new ByteArrayOutputStream();
    while (line.size() <= Wire.LONGEST_LINE) {
      if (!read.hasRemaining()) {
        read.clear();
        int count = channel.read(read);
        read.flip();
        if (count < 0) {
          return Optional.empty();
        }
      }
      while (read.hasRemaining()) {
        byte next = read.get();
        if (next == '\n') {
          return Optional.of(line.toString(UTF_8));
        }
        line.write(next);
      }
    }
    throw new IOException("A line may have %d bytes at the most.".formatted(Wire.LONGEST_LINE));
  }

  /** Writes a line, without its end. Waits until there is room. */
  void write(String line) throws IOException {
    ByteBuffer bytes = UTF_8.encode(line + "\n");
    synchronized (writing) {
      while (bytes.hasRemaining()) {
        channel.write(bytes);
      }
    }
  }

  /** Lets whoever reads find the end, at once; what is written still comes through. */
  void endInput() throws IOException {
    channel.shutdownInput();
  }

  @Override
  public void close() throws IOException {
    channel.close();
  }
}
