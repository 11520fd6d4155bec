package spark.jobserver.api;

import static org.assertj.core.api.Assertions.assertThat;

import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Collections;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class LogTailTest {
  private static final String LOG =
      """
      Spark Executor Command: "java" "-cp" "/spark"
      ========================================

      26/01/01 12:00:00 INFO SparkContext: Running Spark
      {"ts":"2026-01-01T12:00:00Z","level":"INFO","msg":"of no use"}
      26/01/01 12:00:01 WARN TaskSetManager: Lost task 0.0 in stage 0.0 (TID 0): java.io.IOException: no
      \tat org.apache.spark.api.python.BasePythonRunner$ReaderIterator.read(PythonRunner.scala:90)
      \tat java.base/java.lang.Thread.run(Thread.java:840)
      Caused by: java.io.EOFException
      \t... 14 more
      Fatal Python error: Segmentation fault
        File "/jobs/my_jobs.py", line 7 in inner
      """;

  @TempDir Path folder;

  @Test
  void whatTellsNothingIsLeftOut() {
    assertThat(LogTail.of(LOG, 10))
        .containsExactly(
            "26/01/01 12:00:01 WARN TaskSetManager: Lost task 0.0 in stage 0.0 (TID 0):"
                + " java.io.IOException: no",
            "Caused by: java.io.EOFException",
            "Fatal Python error: Segmentation fault",
            "  File \"/jobs/my_jobs.py\", line 7 in inner");
    assertThat(LogTail.of(LOG, 1)).containsExactly("  File \"/jobs/my_jobs.py\", line 7 in inner");
  }

  @Test
  void whatLooksLikeASecretIsNotTold() {
    assertThat(
            LogTail.of(
                """
                cannot connect with spark.my.password=hush to jdbc:x://me:hush@host/db
                {"api-token": "hush", "size": 3}
                AWS_SECRET_ACCESS_KEY: hush; next
                """,
                10))
        .containsExactly(
            "cannot connect with spark.my.password=*** to jdbc:x://***@host/db",
            "{\"api-token\": ***, \"size\": 3}",
            "AWS_SECRET_ACCESS_KEY: ***; next");
  }

  @Test
  void aFileIsReadFromWhereItCounts() throws Exception {
    Path log = folder.resolve("log");
    assertThat(LogTail.of(log, 0, 10)).isEmpty();
    Files.writeString(log, "first\nsecond\nthird\n");
    assertThat(LogTail.of(log, 0, 2)).containsExactly("second", "third");
    assertThat(LogTail.of(log, 6, 10)).containsExactly("second", "third");
    assertThat(LogTail.of(log, 100, 10)).isEmpty();
  }

  @Test
  void onlyTheEndOfALongFileIsReadAndALongLineIsCut() throws Exception {
    Path log = folder.resolve("log");
    Files.write(log, Collections.nCopies(100_000, "a line"));
    assertThat(LogTail.of(log, 0, 1_000_000)).hasSizeBetween(1000, 99_999).containsOnly("a line");
    Files.writeString(log, "x".repeat(5000));
    assertThat(LogTail.of(log, 0, 1)).containsExactly("x".repeat(1000) + "...");
  }
}
