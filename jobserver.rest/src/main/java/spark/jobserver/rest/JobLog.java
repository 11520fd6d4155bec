package spark.jobserver.rest;

import jakarta.ws.rs.core.MediaType;
import jakarta.ws.rs.core.Response;
import java.io.FilterInputStream;
import java.io.IOException;
import java.io.InputStream;
import java.io.RandomAccessFile;
import java.nio.channels.Channels;
import java.nio.channels.FileChannel;
import java.nio.file.Files;
import java.nio.file.NoSuchFileException;
import java.nio.file.Path;
import java.util.Optional;

/**
 * What a job has written so far. The file may grow while it is read; what counts is how long it was
 * at the beginning. It may also become short, at the job's end, when its middle is left out; until
 * then that middle reads as zeros, which are not told.
 *
 * @param file where it is; a job that has written nothing may have none
 * @param size in bytes
 */
record JobLog(Optional<Path> file, long size) {
  /** Where to go on reading, as the value of {@code offset}. */
  static final String NEXT_OFFSET = "Log-Next-Offset";

  private static final int BLOCK = 8192;

  static JobLog of(Optional<Path> file) throws IOException {
    try {
      return new JobLog(file, file.isPresent() ? Files.size(file.get()) : 0);
    } catch (NoSuchFileException e) { // it was removed as too old
      return new JobLog(Optional.empty(), 0);
    }
  }

  /**
   * The log, or a part of it.
   *
   * @param offset from which byte on; past the end there is nothing
   * @param tail how many of the last lines; counts only without an offset
   */
  Response answer(Optional<Long> offset, Optional<Integer> tail) throws IOException {
    long from =
        offset.isPresent() ? Math.min(offset.get(), size) : tail.isPresent() ? last(tail.get()) : 0;
    ContentBody body = new ContentBody(() -> new WithoutZeros(bytes(from)));
    return Response.ok(body, MediaType.TEXT_PLAIN_TYPE.withCharset("UTF-8"))
        .header(NEXT_OFFSET, size)
        .build();
  }

  /** The bytes from an offset on, as the file has them. */
  InputStream bytes(long from) throws IOException {
    if (file.isEmpty()) {
      return InputStream.nullInputStream();
    }
    FileChannel channel = FileChannel.open(file.get()).position(from);
    return new Limited(Channels.newInputStream(channel), size - from);
  }

  /** Where the last lines begin. A line break at the very end begins no line. */
  private long last(int lines) throws IOException {
    if (file.isEmpty() || lines == 0) {
      return size;
    }
    try (RandomAccessFile in = new RandomAccessFile(file.get().toFile(), "r")) {
      byte[] block = new byte[BLOCK];
      int found = 0;
      for (long end = size; end > 0; end -= Math.min(end, BLOCK)) {
        int length = (int) Math.min(end, BLOCK);
        long start = end - length;
        in.seek(start);
        in.readFully(block, 0, length);
        for (int i = length - 1; i >= 0; i--) {
          boolean atEnd = start + i == size - 1;
          if (block[i] == '\n' && !atEnd && ++found == lines) {
            return start + i + 1;
          }
        }
      }
      return 0;
    }
  }

  /** A stream without the zeros in it. */
  private static final class WithoutZeros extends FilterInputStream {
    WithoutZeros(InputStream in) {
      super(in);
    }

    @Override
    public int read() throws IOException {
      int next = in.read();
      while (next == 0) {
        next = in.read();
      }
      return next;
    }

    @Override
    public int read(byte[] bytes, int offset, int length) throws IOException {
      int told = 0;
      while (told == 0 && length > 0) {
        int read = in.read(bytes, offset, length);
        if (read < 0) {
          return -1;
        }
        told = LogLines.withoutZeros(bytes, offset, read);
      }
      return told;
    }
  }

  /** The first bytes of a stream. */
  private static final class Limited extends InputStream {
    private final InputStream in;
    private long left;

    Limited(InputStream in, long limit) {
      this.in = in;
      this.left = limit;
    }

    @Override
    public int read() throws IOException {
      byte[] one = new byte[1];
      return read(one, 0, 1) < 0 ? -1 : one[0] & 0xff;
    }

    @Override
    public int read(byte[] bytes, int offset, int length) throws IOException {
      if (left == 0) {
        return -1;
      }
      int read = in.read(bytes, offset, (int) Math.min(length, left));
      left -= Math.max(read, 0);
      return read;
    }

    @Override
    public void close() throws IOException {
      in.close();
    }
  }
}
