package spark.jobserver.health;

import static org.assertj.core.api.Assertions.assertThat;

import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.List;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.atomic.AtomicInteger;
import org.apache.felix.hc.api.HealthCheck;
import org.apache.felix.hc.api.Result;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import spark.jobserver.health.Checks.Check;

class ChecksTest {
  private final Checks checks = new Checks(Duration.ofSeconds(20), Duration.ZERO);

  @AfterEach
  void close() {
    checks.close();
  }

  private static Check check(String name, boolean ready, Result.Status status) {
    return new Check(name, ready, () -> new Result(status, "it is " + status));
  }

  @Test
  void eachIsTold() {
    List<CheckResult> results =
        checks.results(
            List.of(
                check("b", true, Result.Status.CRITICAL),
                check("a", false, Result.Status.OK),
                new Check(
                    "c",
                    true,
                    () -> {
                      throw new IllegalStateException("broken");
                    }),
                new Check("d", true, () -> null)));

    assertThat(results)
        .containsExactly(
            new CheckResult("a", Result.Status.OK, "it is OK", false),
            new CheckResult("b", Result.Status.CRITICAL, "it is CRITICAL", true),
            new CheckResult(
                "c",
                Result.Status.HEALTH_CHECK_ERROR,
                "It failed: java.lang.IllegalStateException: broken",
                true),
            new CheckResult(
                "d",
                Result.Status.HEALTH_CHECK_ERROR,
                "It failed: java.lang.NullPointerException: it gave no result",
                true));
  }

  @Test
  void theServerIsReadyWhenAllIsWellThatItNeeds() {
    CheckResult well = new CheckResult("a", Result.Status.WARN, "", true);
    CheckResult unwell = new CheckResult("b", Result.Status.CRITICAL, "", true);
    CheckResult unneeded = new CheckResult("c", Result.Status.CRITICAL, "", false);

    assertThat(CheckResult.areReady(List.of(well, unneeded))).isTrue();
    assertThat(CheckResult.areReady(List.of(well, unwell))).isFalse();
    assertThat(CheckResult.areReady(List.of(unneeded))).isFalse();
    assertThat(CheckResult.areReady(List.of())).isFalse();
  }

  @Test
  void oneThatDoesNotComeBackIsGivenUpAndNotBegunTwice() {
    CountDownLatch until = new CountDownLatch(1);
    AtomicInteger begun = new AtomicInteger();
    HealthCheck stuck =
        () -> {
          begun.incrementAndGet();
          try {
            until.await();
          } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
          }
          return new Result(Result.Status.OK, "at last");
        };
    try (Checks impatient = new Checks(Duration.ofMillis(50), Duration.ZERO)) {
      List<Check> one = List.of(new Check("stuck", true, stuck));
      assertThat(impatient.results(one).get(0).status())
          .isEqualTo(Result.Status.HEALTH_CHECK_ERROR);
      assertThat(impatient.results(one).get(0).isWell()).isFalse();
      assertThat(begun).hasValue(1);
    } finally {
      until.countDown();
    }
  }

  /** A check that comes back when it is told to. */
  private static final class Held implements HealthCheck {
    final CountDownLatch begun = new CountDownLatch(1);
    final CountDownLatch until = new CountDownLatch(1);

    @Override
    public Result execute() {
      begun.countDown();
      try {
        until.await();
      } catch (InterruptedException e) {
        Thread.currentThread().interrupt();
      }
      return new Result(Result.Status.OK, "at last");
    }
  }

  @Test
  void oneThatHasHadItsTimeIsNotWaitedForAgain() {
    Held held = new Held();
    Duration patience = Duration.ofMillis(500);
    try (Checks some = new Checks(patience, Duration.ZERO)) {
      List<Check> one = List.of(new Check("held", true, held));
      long begun = System.nanoTime();
      some.results(one);
      assertThat(System.nanoTime() - begun).isGreaterThanOrEqualTo(patience.toNanos());
      long again = System.nanoTime();
      for (int i = 0; i < 20; i++) {
        assertThat(some.results(one).get(0).isWell()).isFalse();
      }
      assertThat(System.nanoTime() - again).isLessThan(20 * patience.toNanos());
    } finally {
      held.until.countDown();
    }
  }

  @Test
  void whileOneThreadCarriesThemOutOthersAreToldWhatWasFoundBefore() throws Exception {
    Check well = check("a", true, Result.Status.OK);
    Held held = new Held();
    List<CheckResult> before = checks.results(List.of(well));
    CompletableFuture<List<CheckResult>> round =
        CompletableFuture.supplyAsync(
            () -> checks.results(List.of(well, new Check("held", true, held))));
    held.begun.await();

    assertThat(checks.results(List.of(well))).isEqualTo(before);
    assertThat(round).isNotDone();
    held.until.countDown();
    assertThat(round.get()).hasSize(2);
  }

  @Test
  void whatWasFoundIsToldAgainForAWhile() {
    AtomicInteger begun = new AtomicInteger();
    Check counted =
        new Check(
            "a", true, () -> new Result(Result.Status.OK, String.valueOf(begun.incrementAndGet())));
    try (Checks remembering = new Checks(Duration.ofSeconds(20), Duration.ofHours(1))) {
      for (int i = 0; i < 100; i++) {
        assertThat(remembering.results(List.of(counted)).get(0).message()).isEqualTo("1");
      }
    }
  }

  @Test
  void withoutItsSparkTheServerIsNotWell(@TempDir Path folder) throws Exception {
    SparkCheck check = new SparkCheck(folder, folder);
    assertThat(check.execute().getStatus()).isEqualTo(Result.Status.CRITICAL);

    Files.createDirectories(folder.resolve("jars"));
    Path submit = Files.createDirectories(folder.resolve("bin")).resolve("spark-submit");
    assertThat(Files.createFile(submit).toFile().setExecutable(true)).isTrue();
    assertThat(check.execute().isOk()).isTrue();
  }
}
