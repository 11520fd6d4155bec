package spark.jobserver.api.dao;

import static java.nio.charset.StandardCharsets.UTF_8;
import static org.assertj.core.api.Assertions.assertThat;

import java.io.IOException;
import java.io.InputStream;
import java.security.MessageDigest;
import java.security.NoSuchAlgorithmException;
import java.time.Instant;
import java.util.ArrayList;
import java.util.HexFormat;
import java.util.List;
import java.util.Optional;
import java.util.Random;
import java.util.UUID;
import java.util.concurrent.CyclicBarrier;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import spark.jobserver.api.Binary;
import spark.jobserver.api.BinaryType;
import spark.jobserver.api.Content;
import spark.jobserver.api.Context;
import spark.jobserver.api.Failure;
import spark.jobserver.api.Job;
import spark.jobserver.api.JobState;

/**
 * A part of {@link JobDaoContract}: each test has a DAO over a store that is empty, and what it
 * takes to fill it.
 */
abstract class ContractChapter {
  static final int THREADS = 8;
  static final Instant TIME = Instant.parse("2026-01-02T03:04:05.678Z");
  static final Failure FAILURE =
      new Failure("Zahl fehlt: \u2207 \uD83D\uDE00", "builtins.ValueError", "line 1\n\tline 2\r\n");
  static final String NEVER_SEEN = "00000000-0000-0000-0000-000000000000";

  final ExecutorService threads = Executors.newFixedThreadPool(2 * THREADS);
  JobDao dao;

  /** The contract that this is a part of. */
  abstract JobDaoContract contract();

  @BeforeEach
  void begin() throws Exception {
    dao = contract().empty();
  }

  @AfterEach
  void endThreads() throws Exception {
    threads.shutdownNow();
    assertThat(threads.awaitTermination(30, TimeUnit.SECONDS)).isTrue();
  }

  final Binary insertBinary(String name, BinaryType type, Instant time, String text) {
    return insertBinary(name, type, time, text.getBytes(UTF_8));
  }

  final Binary insertBinary(String name, BinaryType type, Instant time, byte[] bytes) {
    Binary binary = binary(name, type, time, bytes);
    dao.insertBinary(binary, Content.of(bytes), "");
    return binary;
  }

  static Binary binary(String name, BinaryType type, Instant time, byte[] bytes) {
    return new Binary(name, type, time, digest(bytes), bytes.length);
  }

  static Context context(String name, Instant time) {
    return Context.started(id(), name, "a.Factory", "{\"a\":1}", time, "bundle:1.0@digest", "ada ");
  }

  static Job job(Binary binary, Instant time) {
    return new Job(
        id(),
        id(),
        "python",
        1,
        binary,
        "package.module.Class",
        time,
        Optional.empty(),
        JobState.STARTED,
        Optional.empty(),
        "ada ");
  }

  final Job insertJob() {
    Binary binary =
        dao.latestBinary("any").orElseGet(() -> insertBinary("any", BinaryType.EGG, TIME, "any"));
    return insertJob(job(binary, TIME));
  }

  final Job insertJob(Job job) {
    assertThat(insert(job, "{}")).isTrue();
    return job;
  }

  final JobInsertion insert(Job job, Binary... dependencies) {
    return dao.insertJob(job, JobInput.of("{}").with(List.of(dependencies)));
  }

  final boolean insert(Job job, String config) {
    return dao.insertJob(job, JobInput.of(config)) instanceof JobInsertion.Inserted;
  }

  final boolean finish(String id) {
    return dao.endJob(id, JobState.FINISHED, TIME, Optional.empty(), Optional.of(json("0")));
  }

  static String id() {
    return UUID.randomUUID().toString();
  }

  static Content json(String text) {
    return Content.of(text.getBytes(UTF_8));
  }

  static Content content(long size, InputStream stream) {
    return new Content() {
      @Override
      public long size() {
        return size;
      }

      @Override
      public InputStream open() {
        return stream;
      }
    };
  }

  static byte[] bytes(int count) {
    byte[] bytes = new byte[count];
    new Random(count).nextBytes(bytes);
    return bytes;
  }

  static byte[] read(Optional<Content> content) throws IOException {
    try (InputStream stream = content.orElseThrow().open()) {
      return stream.readAllBytes();
    }
  }

  static String text(Optional<Content> content) throws IOException {
    return new String(read(content), UTF_8);
  }

  static String digest(byte[] bytes) {
    try {
      return HexFormat.of().formatHex(MessageDigest.getInstance("SHA-256").digest(bytes));
    } catch (NoSuchAlgorithmException e) {
      throw new AssertionError(e);
    }
  }

  /** Does something in {@link #THREADS} threads that begin together; what each returned. */
  final List<Boolean> atOnce(Task task) throws Exception {
    CyclicBarrier start = new CyclicBarrier(THREADS);
    List<Future<Boolean>> futures = new ArrayList<>();
    for (int i = 0; i < THREADS; i++) {
      int number = i;
      futures.add(
          threads.submit(
              () -> {
                start.await(30, TimeUnit.SECONDS);
                return task.run(number);
              }));
    }
    List<Boolean> results = new ArrayList<>();
    for (Future<Boolean> future : futures) {
      results.add(future.get(120, TimeUnit.SECONDS));
    }
    return results;
  }

  /** What one of several threads does. */
  @FunctionalInterface
  interface Task {
    boolean run(int number) throws Exception;
  }

  /** A stream that does something and ends. */
  static final class Ending extends InputStream {
    private final Action action;

    Ending(Action action) {
      this.action = action;
    }

    @Override
    public int read() throws IOException {
      try {
        action.run();
        return -1;
      } catch (IOException e) {
        throw e;
      } catch (Exception e) {
        throw new IOException(e);
      }
    }

    @Override
    public int read(byte[] target, int offset, int length) throws IOException {
      return read();
    }
  }

  /** What a stream does at its end. */
  @FunctionalInterface
  interface Action {
    void run() throws Exception;
  }
}
