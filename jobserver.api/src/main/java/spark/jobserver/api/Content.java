package spark.jobserver.api;

import java.io.ByteArrayInputStream;
import java.io.IOException;
import java.io.InputStream;
import java.nio.file.Files;
import java.nio.file.Path;

/**
 * Bytes that can be read from their start as often as wanted: an uploaded archive, the JSON text of
 * a result.
 */
public interface Content {
  /** The number of bytes. */
  long size();

  /** A new stream from the first byte, which the caller closes. */
  InputStream open() throws IOException;

  /** Bytes in memory; the array is not copied. */
  static Content of(byte[] bytes) {
    return new Content() {
      @Override
      public long size() {
        return bytes.length;
      }

      @Override
      public InputStream open() {
        return new ByteArrayInputStream(bytes);
      }
    };
  }

  /**
   * The bytes of a file that stays as it is for as long as this is used.
   *
   * @throws IOException when its size cannot be read
   */
  static Content of(Path file) throws IOException {
    long size = Files.size(file);
    return new Content() {
      @Override
      public long size() {
        return size;
      }

      @Override
      public InputStream open() throws IOException {
        return Files.newInputStream(file);
      }
    };
  }
}
