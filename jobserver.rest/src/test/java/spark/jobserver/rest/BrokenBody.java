package spark.jobserver.rest;

import java.io.IOException;
import java.io.InputStream;

/** A body whose client is gone. */
final class BrokenBody extends InputStream {
  @Override
  public int read() throws IOException {
    throw new IOException("reset by peer");
  }

  @Override
  public int read(byte[] bytes, int offset, int length) throws IOException {
    return read();
  }
}
