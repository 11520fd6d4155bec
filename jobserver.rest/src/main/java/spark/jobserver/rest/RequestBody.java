package spark.jobserver.rest;

import java.io.FilterInputStream;
import java.io.IOException;
import java.io.InputStream;
import java.io.OutputStream;
import java.util.Optional;
import java.util.regex.Pattern;

/**
 * The body of a request as it comes in, up to a limit. Where it is too large or breaks off, reading
 * fails with an {@link IOException} whose cause is the {@link Rejection} to answer with.
 */
final class RequestBody extends FilterInputStream {
  private static final Pattern NUMBER = Pattern.compile("\\d{1,18}");

  private final long limit;
  private long count;

  /**
   * A body.
   *
   * @param limit how many bytes it may have
   */
  RequestBody(InputStream body, long limit) {
    super(body);
    this.limit = limit;
  }

  private static Rejection tooLarge(long limit) {
    return new Rejection(413, "The request body is larger than the " + limit + " bytes allowed");
  }

  /** What is read from a body. */
  interface Reading<T> {
    T read() throws IOException;
  }

  /**
   * Reads, for who can do nothing with a part.
   *
   * @throws Rejection when the body is too large or breaks off
   */
  static <T> T wholly(Reading<T> reading) {
    try {
      return reading.read();
    } catch (IOException e) {
      throw e.getCause() instanceof Rejection rejection ? rejection : brokenOff(e);
    }
  }

  private static Rejection brokenOff(IOException why) {
    return new Rejection(400, "The request body broke off: " + why.getMessage());
  }

  /**
   * Refuses a body that says itself that it is too large, before any of it is read.
   *
   * @param contentLength the header of that name
   */
  void checkLength(Optional<String> contentLength) {
    boolean tooLarge =
        contentLength.filter(length -> NUMBER.matcher(length).matches()).stream()
            .mapToLong(Long::parseLong)
            .anyMatch(length -> length > limit);
    if (tooLarge) {
      throw tooLarge(limit);
    }
  }

  /**
   * Reads what is left and forgets it. A client that is still sending would otherwise find its
   * connection broken, and not the answer that refuses its body.
   */
  void discard() {
    try {
      transferTo(OutputStream.nullOutputStream());
    } catch (IOException e) {
      // It is too large or has broken off: the client cannot be helped.
    }
  }

  @Override
  public int read() throws IOException {
    try {
      int value = super.read();
      return value < 0 ? value : counted(1, value);
    } catch (IOException e) {
      throw rejected(e);
    }
  }

  @Override
  public int read(byte[] bytes, int offset, int length) throws IOException {
    try {
      int read = super.read(bytes, offset, length);
      return read < 0 ? read : counted(read, read);
    } catch (IOException e) {
      throw rejected(e);
    }
  }

  @Override
  public long skip(long wanted) throws IOException {
    try {
      long skipped = super.skip(wanted);
      counted(skipped, 0);
      return skipped;
    } catch (IOException e) {
      throw rejected(e);
    }
  }

  @Override
  public boolean markSupported() {
    return false;
  }

  private int counted(long more, int value) throws IOException {
    count += more;
    if (count > limit) {
      throw new IOException("The request body is too large", tooLarge(limit));
    }
    return value;
  }

  private static IOException rejected(IOException e) {
    return e.getCause() instanceof Rejection ? e : new IOException(e.getMessage(), brokenOff(e));
  }
}
