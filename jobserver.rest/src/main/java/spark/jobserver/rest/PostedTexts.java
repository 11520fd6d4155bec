package spark.jobserver.rest;

import java.io.IOException;
import java.io.InputStream;
import java.io.OutputStream;
import java.nio.charset.Charset;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.Optional;
import java.util.concurrent.Semaphore;
import java.util.concurrent.TimeUnit;
import java.util.function.Function;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import org.osgi.service.component.annotations.Activate;
import org.osgi.service.component.annotations.Component;
import org.osgi.service.component.annotations.Reference;
import spark.jobserver.api.Content;
import spark.jobserver.api.FullDisk;
import spark.jobserver.api.server.ErrorCode;
import spark.jobserver.api.server.JobserverException;

/**
 * Reads posted configurations, and bounds the memory that they take, however many come at once.
 * What is read becomes a text, a tree and JSON before it is in the store, several times its size in
 * all; so a large one is in a file for as long as it comes in, however slowly, and in memory only
 * when it has its turn, and no more than a few small ones have theirs at once.
 */
@Component(service = PostedTexts.class)
public final class PostedTexts {
  private static final Pattern CHARSET =
      Pattern.compile(";\\s*charset\\s*=\\s*\"?([^\";\\s]+)", Pattern.CASE_INSENSITIVE);

  /** The most bytes of a small one: as many requests as there are threads may hold so much. */
  private static final int SMALL = 64 * 1024;

  private static final int SMALL_AT_ONCE = 8;
  private static final int LARGE_AT_ONCE = 1;

  private final long limit;
  private final Duration patience;
  private final Semaphore small = new Semaphore(SMALL_AT_ONCE, true);
  private final Semaphore large = new Semaphore(LARGE_AT_ONCE, true);

  @Activate
  public PostedTexts(@Reference Answers answers) {
    this(answers.settings().maxConfigSize(), answers.settings().requestTimeout());
  }

  /**
   * Reads texts.
   *
   * @param limit how many bytes one may have
   * @param patience how long one waits for its turn
   */
  PostedTexts(long limit, Duration patience) {
    this.limit = limit;
    this.patience = patience;
  }

  /**
   * Reads a body and does something with its text, when it is its turn.
   *
   * @param contentType the header of that name, whose charset counts; UTF-8 where it has none
   * @param work done by this thread; returns when the text is in the store, or refused
   * @throws Rejection when the body is too large, breaks off, or has a charset that is not known
   * @throws JobserverException {@link ErrorCode#UNAVAILABLE} when its turn does not come
   */
  <T> T read(InputStream body, Optional<String> contentType, Function<String, T> work) {
    Charset charset = charset(contentType.orElse(""));
    try (Received received = receive(new RequestBody(body, limit))) {
      Semaphore turns = received.file().isEmpty() ? small : large;
      take(turns);
      try {
        return work.apply(received.text(charset));
      } finally {
        turns.release();
      }
    } catch (IOException e) {
      throw kept(e);
    }
  }

  private void take(Semaphore turns) {
    try {
      if (!turns.tryAcquire(patience.toMillis(), TimeUnit.MILLISECONDS)) {
        throw new JobserverException(
            ErrorCode.UNAVAILABLE, "Too many large configurations are being read. Try again.");
      }
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
      throw new JobserverException(ErrorCode.UNAVAILABLE, "The server is stopping.", e);
    }
  }

  private static Received receive(RequestBody body) {
    byte[] start = RequestBody.wholly(() -> body.readNBytes(SMALL + 1));
    if (start.length <= SMALL) {
      return new Received(Content.of(start), Optional.empty());
    }
    try {
      Path file = Files.createTempFile("posted", ".conf");
      boolean complete = false;
      try (OutputStream out = Files.newOutputStream(file)) {
        out.write(start);
        byte[] buffer = new byte[SMALL];
        int read = RequestBody.wholly(() -> body.read(buffer));
        while (read >= 0) {
          out.write(buffer, 0, read);
          read = RequestBody.wholly(() -> body.read(buffer));
        }
        complete = true;
      } finally {
        if (!complete) {
          Files.deleteIfExists(file);
        }
      }
      return new Received(Content.of(file), Optional.of(file));
    } catch (IOException e) {
      throw kept(e);
    }
  }

  private static JobserverException kept(IOException cause) {
    return FullDisk.isToldBy(cause)
        ? new JobserverException(
            ErrorCode.NO_ROOM, "There is no room on the server's disk: nothing was kept", cause)
        : new JobserverException(
            ErrorCode.STORAGE, "The configuration could not be kept while it came in", cause);
  }

  private static Charset charset(String contentType) {
    Matcher charset = CHARSET.matcher(contentType);
    if (!charset.find()) {
      return StandardCharsets.UTF_8;
    }
    try {
      return Charset.forName(charset.group(1));
    } catch (IllegalArgumentException e) {
      throw new Rejection(
          400, "The charset '" + charset.group(1) + "' of the request body is not known");
    }
  }

  /**
   * A body that is complete.
   *
   * @param bytes all of it
   * @param file where a large one is; removed at the end
   */
  private record Received(Content bytes, Optional<Path> file) implements AutoCloseable {
    String text(Charset charset) throws IOException {
      try (InputStream in = bytes.open()) {
        return new String(in.readAllBytes(), charset);
      }
    }

    @Override
    public void close() throws IOException {
      if (file.isPresent()) {
        Files.deleteIfExists(file.get());
      }
    }
  }
}
