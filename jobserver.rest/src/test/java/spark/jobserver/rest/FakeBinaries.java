package spark.jobserver.rest;

import java.io.IOException;
import java.io.InputStream;
import java.time.Instant;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.ConcurrentSkipListMap;
import java.util.concurrent.CopyOnWriteArrayList;
import java.util.function.IntConsumer;
import spark.jobserver.api.Binary;
import spark.jobserver.api.BinaryType;
import spark.jobserver.api.server.Binaries;
import spark.jobserver.api.server.Caller;
import spark.jobserver.api.server.ErrorCode;
import spark.jobserver.api.server.JobserverException;

/** Binaries without their bytes. */
public final class FakeBinaries implements Binaries {
  public static final String DIGEST = "0".repeat(64);
  public static final Instant TIME = Instant.parse("2013-05-29T00:00:00Z");

  public final Map<String, Binary> known = new ConcurrentSkipListMap<>();

  /** Those whose view was asked for. */
  public final List<Caller> callers = new CopyOnWriteArrayList<>();

  /** Is told of every piece of an upload as it comes in. */
  public volatile IntConsumer onRead = size -> {};

  /** Completes when an upload cannot be read. */
  public final CompletableFuture<IOException> brokenOff = new CompletableFuture<>();

  /** What every method throws, where there is something. */
  public volatile Optional<RuntimeException> failure = Optional.empty();

  public FakeBinaries with(String name, BinaryType type) {
    known.put(name, new Binary(name, type, TIME, DIGEST, 5));
    return this;
  }

  @Override
  public Binaries of(Caller caller) {
    callers.add(caller);
    return this;
  }

  @Override
  public List<Binary> list() {
    fail();
    return List.copyOf(known.values());
  }

  @Override
  public Optional<Binary> find(String name) {
    fail();
    return Optional.ofNullable(known.get(name));
  }

  @Override
  public Binary upload(String name, BinaryType type, InputStream body) throws IOException {
    fail();
    try {
      return stored(name, type, body);
    } catch (IOException e) {
      brokenOff.complete(e);
      throw e;
    }
  }

  private Binary stored(String name, BinaryType type, InputStream body) throws IOException {
    byte[] piece = new byte[64 * 1024];
    long size = 0;
    for (int read = body.read(piece); read >= 0; read = body.read(piece)) {
      if (size == 0 && piece[0] != 'P') {
        throw new JobserverException(ErrorCode.BINARY_FORMAT, "Binary is not of the right format");
      }
      size += read;
      onRead.accept(read);
    }
    Binary binary = new Binary(name, type, TIME, DIGEST, size);
    known.put(name, binary);
    return binary;
  }

  @Override
  public void delete(String name) {
    fail();
    if (known.remove(name) == null) {
      throw new JobserverException(
          ErrorCode.BINARY_NOT_FOUND, "can't find binary with name " + name);
    }
  }

  private void fail() {
    failure.ifPresent(
        error -> {
          throw error;
        });
  }
}
