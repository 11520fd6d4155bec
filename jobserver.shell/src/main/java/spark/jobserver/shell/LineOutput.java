package spark.jobserver.shell;

import static java.nio.charset.StandardCharsets.UTF_8;

import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.io.OutputStream;

/**
 * What commands print, as lines that begin with a mark. A line is sent when it is complete, or has
 * become as long as a line may be. May be used by several threads.
 */
final class LineOutput extends OutputStream {
  private final LineChannel channel;
  private final char mark;
  private final ByteArrayOutputStream line = new ByteArrayOutputStream();

  LineOutput(LineChannel channel, char mark) {
    this.channel = channel;
    this.mark = mark;
  }

  @Override
  public synchronized void write(int b) throws IOException {
    if (b == '\n') {
      send();
    } else {
      line.write(b);
      if (line.size() >= Wire.LONGEST_LINE) {
        send();
      }
    }
  }

  @Override
  public synchronized void write(byte[] bytes, int offset, int length) throws IOException {
    for (int i = offset; i < offset + length; i++) {
      write(bytes[i]);
    }
  }

  /** Sends what has been printed of a line that was not ended. */
  synchronized void finish() throws IOException {
    if (line.size() > 0) {
      send();
    }
  }

  private void send() throws IOException {
    String text = line.toString(UTF_8);
    line.reset();
    channel.write(mark + Printable.of(text.endsWith("\r") ? text.stripTrailing() : text));
  }
}
