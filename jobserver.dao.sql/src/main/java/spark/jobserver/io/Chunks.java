package spark.jobserver.io;

import java.io.IOException;
import java.io.InputStream;
import java.sql.SQLException;
import java.util.Objects;
import spark.jobserver.api.Content;
import spark.jobserver.api.dao.DaoException;

/**
 * Bytes in the table {@code chunk}, which belong to an owner: a text of at most 80 characters. They
 * are read chunk by chunk in short transactions, so that a slow reader holds no connection.
 */
final class Chunks {
  /**
   * Of what is read slowly one chunk is in memory, for each reader. Larger ones are read as well.
   */
  private static final int CHUNK_SIZE = 128 * 1024;

  private final Database database;

  Chunks(Database database) {
    this.database = database;
  }

  /** Stores all bytes of a stream for an owner that has none yet; says how many they were. */
  static long write(Transaction transaction, String owner, InputStream bytes)
      throws SQLException, IOException {
    long size = 0;
    for (int part = 0; ; part++) {
      byte[] chunk = bytes.readNBytes(CHUNK_SIZE);
      if (chunk.length > 0) {
        transaction.update(
            "insert into chunk (owner, part, bytes) values (?, ?, ?)", owner, part, chunk);
      }
      size += chunk.length;
      if (chunk.length < CHUNK_SIZE) {
        return size;
      }
    }
  }

  static void delete(Transaction transaction, String owner) throws SQLException {
    transaction.update("delete from chunk where owner = ?", owner);
  }

  /** The bytes of an owner that has this many. */
  Content content(String owner, long size) {
    return new Content() {
      @Override
      public long size() {
        return size;
      }

      @Override
      public InputStream open() {
        return new ChunkStream(owner, size);
      }
    };
  }

  private byte[] read(String owner, int part) throws IOException {
    try {
      return database
          .transaction(
              "read part " + part + " of " + owner,
              tx ->
                  tx.first(
                      "select bytes from chunk where owner = ? and part = ?",
                      row -> row.getBytes("bytes"),
                      owner,
                      part))
          .orElseThrow(() -> new IOException(owner + " was removed while it was read"));
    } catch (DaoException e) {
      throw new IOException(e.getMessage(), e);
    }
  }

  /** Has one chunk in memory, and gets the next when that is read. */
  private final class ChunkStream extends InputStream {
    private final String owner;
    private long left;
    private byte[] chunk = {};
    private int position;
    private int nextPart;

    ChunkStream(String owner, long size) {
      this.owner = owner;
      this.left = size;
    }

    @Override
    public int read() throws IOException {
      if (!advance()) {
        return -1;
      }
      left--;
      return chunk[position++] & 0xFF;
    }

    @Override
    public int read(byte[] target, int offset, int length) throws IOException {
      Objects.checkFromIndexSize(offset, length, target.length);
      if (length == 0) {
        return 0;
      }
      if (!advance()) {
        return -1;
      }
      int count = Math.min(length, chunk.length - position);
      System.arraycopy(chunk, position, target, offset, count);
      position += count;
      left -= count;
      return count;
    }

    @Override
    public int available() {
      return chunk.length - position;
    }

    /** Makes sure that there is a byte at the position; false at the end. */
    private boolean advance() throws IOException {
      if (left == 0) {
        return false;
      }
      if (position == chunk.length) {
        chunk = Chunks.this.read(owner, nextPart++);
        position = 0;
      }
      return true;
    }
  }
}
