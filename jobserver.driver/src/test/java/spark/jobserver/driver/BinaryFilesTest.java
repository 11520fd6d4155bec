package spark.jobserver.driver;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Instant;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicInteger;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;
import spark.jobserver.api.Binary;
import spark.jobserver.api.BinaryType;

@Timeout(20)
class BinaryFilesTest {
  private static final String DIGEST = "ab".repeat(32);
  private static final Binary EGG = new Binary("app", BinaryType.EGG, Instant.EPOCH, DIGEST, 1);

  @TempDir Path folder;

  @Test
  void namesAFileByItsDigestAndType() throws Exception {
    BinaryFiles files = new BinaryFiles(folder, (digest, file) -> Files.writeString(file, digest));

    assertThat(files.file(EGG)).isEqualTo(folder.resolve(DIGEST).resolve(DIGEST + ".egg"));
    assertThat(files.file(EGG)).hasContent(DIGEST);
  }

  @Test
  void fetchesOnceForAllWhoAsk() throws Exception {
    AtomicInteger fetches = new AtomicInteger();
    CountDownLatch allowed = new CountDownLatch(1);
    BinaryFiles files =
        new BinaryFiles(
            folder,
            (digest, file) -> {
              fetches.incrementAndGet();
              await(allowed);
              Files.writeString(file, digest);
            });
    List<CompletableFuture<Path>> wanted = new ArrayList<>();
    for (int i = 0; i < 8; i++) {
      CompletableFuture<Path> file = new CompletableFuture<>();
      wanted.add(file);
      new Thread(() -> fetch(files, file)).start();
    }
    allowed.countDown();

    for (CompletableFuture<Path> file : wanted) {
      assertThat(file.get(10, TimeUnit.SECONDS)).exists();
    }
    assertThat(fetches).hasValue(1);
  }

  private static void fetch(BinaryFiles files, CompletableFuture<Path> file) {
    try {
      file.complete(files.file(EGG));
    } catch (IOException | InterruptedException e) {
      file.completeExceptionally(e);
    }
  }

  private static void await(CountDownLatch latch) throws IOException {
    try {
      if (!latch.await(10, TimeUnit.SECONDS)) {
        throw new IOException("the test did not allow it");
      }
    } catch (InterruptedException e) {
      throw new IOException(e);
    }
  }

  @Test
  void triesAgainAfterAFailure() throws Exception {
    AtomicInteger fetches = new AtomicInteger();
    BinaryFiles files =
        new BinaryFiles(
            folder,
            (digest, file) -> {
              if (fetches.incrementAndGet() == 1) {
                throw new IOException("out of reach");
              }
              Files.writeString(file, digest);
            });

    assertThatThrownBy(() -> files.file(EGG)).hasMessage("out of reach");
    assertThat(files.file(EGG)).exists();
  }
}
