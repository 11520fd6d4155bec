package spark.jobserver.core.store;

import java.io.IOException;
import java.io.InputStream;
import java.nio.ByteBuffer;
import java.nio.charset.StandardCharsets;
import java.security.MessageDigest;
import java.util.HashSet;
import java.util.HexFormat;
import java.util.Optional;
import java.util.Set;
import spark.jobserver.api.Content;
import spark.jobserver.api.Context;
import spark.jobserver.api.dao.BinaryVersion;
import spark.jobserver.api.dao.DriverRecord;
import spark.jobserver.core.Sha256;

/**
 * What a store holds: two that hold the same have the same.
 *
 * @param binaries how many versions of binaries
 * @param contexts how many contexts
 * @param jobs how many jobs
 * @param bytes how many bytes of binaries and results
 * @param digest SHA-256 of all rows and bytes
 */
record Inventory(long binaries, long contexts, long jobs, long bytes, String digest) {
  /**
   * Reads all of a store.
   *
   * @param hold called now and then; what it throws ends the reading
   */
  static Inventory of(StoreReader store, Hold hold) throws IOException {
    Count count = new Count(hold);
    store.read(count);
    return count.inventory();
  }

  /** By which a long work is ended. */
  @FunctionalInterface
  interface Hold {
    /**
     * @throws IOException when the work shall end
     */
    void check() throws IOException;
  }

  @Override
  public String toString() {
    return "%d versions of binaries, %d contexts, %d jobs, with %d bytes"
        .formatted(binaries, contexts, jobs, bytes);
  }

  private static final class Count implements StoreReader.Visitor {
    private static final int BUFFER = 64 * 1024;

    private final Hold hold;
    private final MessageDigest sha = Sha256.digest();
    private final Set<String> read = new HashSet<>();
    private final byte[] buffer = new byte[BUFFER];
    private long binaries;
    private long contexts;
    private long jobs;
    private long bytes;

    Count(Hold hold) {
      this.hold = hold;
    }

    Inventory inventory() {
      return new Inventory(binaries, contexts, jobs, bytes, HexFormat.of().formatHex(sha.digest()));
    }

    @Override
    public void binary(BinaryVersion version, Content content) throws IOException {
      binaries++;
      add(version);
      if (read.add(version.binary().digest())) {
        add(content);
      }
    }

    @Override
    public void context(Context context, Optional<DriverRecord> driver) throws IOException {
      contexts++;
      add(context);
      add(driver);
    }

    @Override
    public void job(StoredJob stored) throws IOException {
      jobs++;
      add(stored.job());
      add(stored.input());
      add(stored.killWished());
      add(stored.result().isPresent());
      if (stored.result().isPresent()) {
        add(stored.result().get());
      }
    }

    /** Of a failure's text a store may not keep the character 0. */
    private void add(Object row) throws IOException {
      hold.check();
      byte[] text = row.toString().replace('\0', '\uFFFD').getBytes(StandardCharsets.UTF_8);
      sha.update(ByteBuffer.allocate(Integer.BYTES).putInt(text.length).array());
      sha.update(text);
    }

    private void add(Content content) throws IOException {
      sha.update(ByteBuffer.allocate(Long.BYTES).putLong(content.size()).array());
      try (InputStream in = content.open()) {
        for (int length = in.read(buffer); length >= 0; length = in.read(buffer)) {
          hold.check();
          sha.update(buffer, 0, length);
          bytes += length;
        }
      }
    }
  }
}
