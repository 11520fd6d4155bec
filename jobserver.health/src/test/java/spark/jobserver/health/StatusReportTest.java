package spark.jobserver.health;

import static org.assertj.core.api.Assertions.assertThat;

import java.time.Duration;
import java.time.Instant;
import java.time.ZoneOffset;
import java.util.Collections;
import java.util.List;
import java.util.Optional;
import java.util.OptionalLong;
import org.junit.jupiter.api.Test;
import spark.jobserver.api.Binary;
import spark.jobserver.api.BinaryType;
import spark.jobserver.api.Context;
import spark.jobserver.api.ContextState;
import spark.jobserver.api.Job;
import spark.jobserver.api.JobState;

class StatusReportTest {
  private static final Instant START = Instant.parse("2026-11-30T10:00:00Z");

  private static Context context(String name) {
    return new Context(
        "id",
        name,
        "factory",
        "{}",
        START,
        Optional.empty(),
        ContextState.RUNNING,
        Optional.empty(),
        Optional.empty(),
        Optional.empty(),
        "",
        "");
  }

  private static Job job(String classPath) {
    return new Job(
        "job-1",
        "id",
        "c",
        1,
        new Binary("egg", BinaryType.EGG, START, "ab".repeat(32), 5),
        classPath,
        START,
        Optional.empty(),
        JobState.RUNNING,
        Optional.empty(),
        "");
  }

  private static StatusReport report(StatusReport.At... contexts) {
    return new StatusReport(
        "1.2.3",
        START,
        START.plusSeconds(7_500),
        OptionalLong.of(267L << 20),
        56 << 20,
        512 << 20,
        "1 ready",
        List.of(contexts));
  }

  @Test
  void isReadAtAGlance() {
    assertThat(
            report(
                    new StatusReport.At(context("c"), Optional.of(List.of(job("a.B")))),
                    new StatusReport.At(context("d"), Optional.of(List.of())))
                .text(ZoneOffset.UTC))
        .isEqualTo(
            """
              version   1.2.3
              since     2026-11-30 10:00:00, 2 h 5 min
              memory    267 MB, heap 56 of 512 MB
              spares    1 ready
              contexts  2
                c  RUNNING since 2026-11-30 10:00:00, 1 job
                  job-1  a.B  2 h 5 min
                d  RUNNING since 2026-11-30 10:00:00, idle
            """);
  }

  @Test
  void hidesJobsFromWhomMayNotReadThem() {
    assertThat(report(new StatusReport.At(context("c"), Optional.empty())).text(ZoneOffset.UTC))
        .endsWith("    c  RUNNING since 2026-11-30 10:00:00\n");
  }

  @Test
  void aNameMovesNoCursorAndBeginsNoLine() {
    assertThat(
            report(new StatusReport.At(context("a\u001b[2Jb"), Optional.of(List.of(job("x\r\ny")))))
                .text(ZoneOffset.UTC))
        .contains("    a?[2Jb  RUNNING")
        .contains("  x??y  ");
  }

  @Test
  void ofManyJobsItTellsTheFirst() {
    assertThat(
            report(
                    new StatusReport.At(
                        context("c"), Optional.of(Collections.nCopies(12, job("a.B")))))
                .text(ZoneOffset.UTC))
        .contains(", 12 jobs\n")
        .endsWith("      and 7 more\n");
  }

  @Test
  void timesAreTheirTwoLargestUnits() {
    assertThat(
            List.of(5, 65, 3_700, 90_000).stream()
                .map(Duration::ofSeconds)
                .map(StatusReport::words))
        .containsExactly("5 s", "1 min 5 s", "1 h 1 min", "1 d 1 h");
  }
}
