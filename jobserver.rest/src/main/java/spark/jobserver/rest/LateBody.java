package spark.jobserver.rest;

import java.io.FilterInputStream;
import java.io.IOException;
import java.io.InputStream;
import java.util.concurrent.TimeUnit;
import spark.jobserver.api.server.Standing;

/**
 * A body that may come in slowly: when it ends, its caller must still be somebody who may send it.
 * Otherwise reading fails with an {@link IOException} whose cause is the {@link Rejection} to
 * answer with.
 */
final class LateBody extends FilterInputStream {
  /** So soon the caller need not be looked at again. */
  private static final long SOON_NANOS = TimeUnit.SECONDS.toNanos(5);

  private final Standing standing;
  private final long begun = System.nanoTime();

  LateBody(InputStream body, Standing standing) {
    super(body);
    this.standing = standing;
  }

  @Override
  public int read() throws IOException {
    return checked(super.read());
  }

  @Override
  public int read(byte[] bytes, int offset, int length) throws IOException {
    return checked(super.read(bytes, offset, length));
  }

  private int checked(int read) throws IOException {
    if (read < 0 && System.nanoTime() - begun > SOON_NANOS && !standing.holds()) {
      throw new IOException(
          "The caller is not known any more",
          new Rejection(
              401, "The credential of this request was taken back, or was over, before its end."));
    }
    return read;
  }
}
