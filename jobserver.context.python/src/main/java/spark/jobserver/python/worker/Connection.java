package spark.jobserver.python.worker;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import java.io.Closeable;
import java.io.EOFException;
import java.io.IOException;
import java.io.OutputStream;
import java.nio.ByteBuffer;
import java.nio.channels.ReadableByteChannel;
import java.nio.channels.SocketChannel;
import java.nio.channels.WritableByteChannel;

/**
 * One end of the conversation with a Python process: frames, each the number of its bytes (four,
 * big endian) and these. All but results are JSON objects. One thread reads, any may write; {@link
 * #close} from another thread ends a read with an IOException.
 */
final class Connection implements Closeable {
  static final ObjectMapper JSON = new ObjectMapper();

  /** No message is longer; a result may be. */
  private static final int LONGEST_MESSAGE = 64 << 20;

  /** So much at a time: each thread keeps a buffer of the JDK's as large as its largest piece. */
  private static final int BUFFER = 64 << 10;

  private final ReadableByteChannel in;
  private final WritableByteChannel out;

  Connection(SocketChannel channel) {
    this(channel, channel);
  }

  Connection(ReadableByteChannel in, WritableByteChannel out) {
    this.in = in;
    this.out = out;
  }

  /**
   * The next message.
   *
   * @throws EOFException when the other end is gone
   */
  JsonNode read() throws IOException {
    int length = readLength();
    if (length > LONGEST_MESSAGE) {
      throw new IOException("a message of " + length + " bytes is too long");
    }
    return JSON.readTree(readBytes(length));
  }

  /** The number of bytes of the next frame, which are read next. */
  int readLength() throws IOException {
    int length = fill(ByteBuffer.allocate(Integer.BYTES)).getInt();
    if (length < 0) {
      throw new IOException("a frame cannot have " + length + " bytes");
    }
    return length;
  }

  byte[] readBytes(int length) throws IOException {
    return fill(ByteBuffer.allocate(length)).array();
  }

  /**
   * Passes on the bytes of a frame.
   *
   * @throws SinkException when {@code sink} cannot take them
   */
  void readBytes(int length, OutputStream sink) throws IOException, SinkException {
    ByteBuffer buffer = ByteBuffer.allocate(BUFFER);
    for (int left = length; left > 0; left -= buffer.limit()) {
      fill(buffer.clear().limit(Math.min(left, BUFFER)));
      try {
        sink.write(buffer.array(), 0, buffer.limit());
      } catch (IOException e) {
        throw new SinkException(e);
      }
    }
  }

  void write(JsonNode message) throws IOException {
    byte[] bytes = JSON.writeValueAsBytes(message);
    ByteBuffer frame = ByteBuffer.allocate(Integer.BYTES + bytes.length);
    frame.putInt(bytes.length).put(bytes).flip();
    synchronized (out) {
      for (int end = frame.limit(); frame.position() < end; ) {
        out.write(frame.limit(Math.min(end, frame.position() + BUFFER)));
      }
    }
  }

  @Override
  public void close() throws IOException {
    in.close();
    out.close();
  }

  private ByteBuffer fill(ByteBuffer buffer) throws IOException {
    for (int end = buffer.limit(); buffer.position() < end; ) {
      if (in.read(buffer.limit(Math.min(end, buffer.position() + BUFFER))) < 0) {
        throw new EOFException("the other end is gone");
      }
    }
    return buffer.flip();
  }

  /** What was read could not be kept. */
  static final class SinkException extends Exception {
    SinkException(IOException cause) {
      super(cause);
    }
  }
}
