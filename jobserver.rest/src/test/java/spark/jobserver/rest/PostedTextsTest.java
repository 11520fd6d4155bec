package spark.jobserver.rest;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.io.ByteArrayInputStream;
import java.io.IOException;
import java.io.InputStream;
import java.io.SequenceInputStream;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.List;
import java.util.Optional;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.concurrent.locks.LockSupport;
import java.util.function.Function;
import java.util.stream.IntStream;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;
import spark.jobserver.api.server.ErrorCode;
import spark.jobserver.api.server.JobserverException;

class PostedTextsTest {
  private static final int LIMIT = 1_000_000;
  private static final String LARGE = "x".repeat(100_000);
  private final PostedTexts texts = new PostedTexts(LIMIT, Duration.ofMinutes(1));

  private static InputStream bytes(String text) {
    return new ByteArrayInputStream(text.getBytes(StandardCharsets.UTF_8));
  }

  private String read(InputStream body, String contentType) {
    return texts.read(body, Optional.of(contentType), Function.identity());
  }

  private String read(InputStream body) {
    return texts.read(body, Optional.empty(), Function.identity());
  }

  private static List<Path> files() throws IOException {
    try (Stream<Path> all = Files.list(Path.of(System.getProperty("java.io.tmpdir")))) {
      return all.filter(file -> file.getFileName().toString().startsWith("posted")).toList();
    }
  }

  @ParameterizedTest
  @ValueSource(ints = {0, 1, 64 * 1024 - 1, 64 * 1024, 64 * 1024 + 1, 999_999, LIMIT})
  void aBodyMayHaveAnyLengthUpToTheLimit(int length) throws IOException {
    List<Path> before = files();
    String text = "ab".repeat((length + 1) / 2).substring(0, length);
    assertThat(read(bytes(text))).isEqualTo(text);
    assertThat(files()).containsExactlyInAnyOrderElementsOf(before);
  }

  @Test
  void aLargerBodyIsRefused() throws IOException {
    List<Path> before = files();
    assertThatThrownBy(() -> read(bytes("x".repeat(LIMIT + 1))))
        .isInstanceOfSatisfying(
            Rejection.class, rejection -> assertThat(rejection.status()).isEqualTo(413));
    assertThat(files()).containsExactlyInAnyOrderElementsOf(before);
  }

  @ParameterizedTest
  @ValueSource(ints = {0, 10, 100_000})
  void aBodyThatBreaksOffIsRefused(int after) throws IOException {
    List<Path> before = files();
    assertThatThrownBy(
            () -> read(new SequenceInputStream(bytes("x".repeat(after)), new BrokenBody())))
        .isInstanceOf(Rejection.class)
        .hasMessage("The request body broke off: reset by peer");
    assertThat(files()).containsExactlyInAnyOrderElementsOf(before);
  }

  @ParameterizedTest
  @ValueSource(strings = {"text/plain;charset=ISO-8859-1", "x; a=b; Charset = \"latin1\"; c=d"})
  void theCharsetOfTheContentTypeCounts(String contentType) {
    for (String text : List.of("ä", "ä".repeat(100_000))) {
      InputStream body = new ByteArrayInputStream(text.getBytes(StandardCharsets.ISO_8859_1));
      assertThat(read(body, contentType)).isEqualTo(text);
    }
  }

  @ParameterizedTest
  @ValueSource(strings = {"text/plain", "charset", ""})
  void withoutOneItIsUtf8(String contentType) {
    assertThat(read(bytes("ä"), contentType)).isEqualTo("ä");
  }

  @Test
  void ofLargeOnesOneIsInMemoryAtATimeAndTheOthersWait() {
    AtomicInteger now = new AtomicInteger();
    AtomicInteger most = new AtomicInteger();
    List<CompletableFuture<Void>> all =
        IntStream.range(0, 6)
            .mapToObj(
                i ->
                    CompletableFuture.runAsync(
                        () ->
                            texts.read(
                                bytes(LARGE),
                                Optional.empty(),
                                text -> {
                                  most.accumulateAndGet(now.incrementAndGet(), Math::max);
                                  LockSupport.parkNanos(1_000_000);
                                  return now.decrementAndGet();
                                }),
                        run -> new Thread(run).start()))
            .toList();
    all.forEach(CompletableFuture::join);
    assertThat(most).hasValue(1);
  }

  @Test
  void smallOnesDoNotWaitForALargeOneAndAnotherLargeOneNotForEver() {
    PostedTexts impatient = new PostedTexts(LIMIT, Duration.ofMillis(50));
    CountDownLatch inTurn = new CountDownLatch(1);
    CountDownLatch done = new CountDownLatch(1);
    CompletableFuture<Void> large =
        CompletableFuture.runAsync(
            () ->
                impatient.read(
                    bytes(LARGE),
                    Optional.empty(),
                    text -> {
                      inTurn.countDown();
                      return joined(done);
                    }),
            run -> new Thread(run).start());
    joined(inTurn);

    assertThat(impatient.read(bytes("small"), Optional.empty(), Function.identity()))
        .isEqualTo("small");
    assertThatThrownBy(() -> impatient.read(bytes(LARGE), Optional.empty(), Function.identity()))
        .isInstanceOfSatisfying(
            JobserverException.class, e -> assertThat(e.code()).isEqualTo(ErrorCode.UNAVAILABLE));

    done.countDown();
    large.join();
    assertThat(impatient.read(bytes(LARGE), Optional.empty(), String::length)).isEqualTo(100_000);
  }

  private static boolean joined(CountDownLatch latch) {
    try {
      latch.await();
      return true;
    } catch (InterruptedException e) {
      throw new AssertionError(e);
    }
  }
}
