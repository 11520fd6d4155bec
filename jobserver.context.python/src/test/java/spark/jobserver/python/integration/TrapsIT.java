package spark.jobserver.python.integration;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Map;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.TimeUnit;
import java.util.stream.Stream;
import org.apache.spark.SparkContext;
import org.apache.spark.scheduler.SparkListener;
import org.apache.spark.scheduler.SparkListenerTaskEnd;
import org.apache.spark.scheduler.SparkListenerTaskStart;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;
import spark.jobserver.api.BinaryType;
import spark.jobserver.api.context.JobOutcome;
import spark.jobserver.python.PythonSessionContextFactory;
import spark.jobserver.python.integration.Archives.Archive;

/** What goes wrong where many short-lived processes share a SparkContext, see docs/traps.md. */
@Timeout(90)
class TrapsIT {
  @TempDir static Path folder;
  private static ContextUnderTest context;
  private static Archive traps;

  @BeforeAll
  static void makeContext() throws Exception {
    ContextUnderTest.needsSpark(folder);
    context = new ContextUnderTest(new PythonSessionContextFactory(), folder, "");
    traps = Archives.of(BinaryType.EGG, folder, Map.of("traps.py", Archives.resource("traps.py")));
  }

  @AfterAll
  static void theTemporaryFoldersOfWorkersGoAtTheLatestWithTheContext() throws Exception {
    if (context == null) {
      return;
    }
    context.close();
    Processes.assertThatAllEnd();
    assertThat(temporaryFolders()).isEmpty();
  }

  private static List<Path> temporaryFolders() throws Exception {
    try (Stream<Path> files = Files.walk(folder.resolve("local"))) {
      return files.filter(path -> path.getFileName().toString().startsWith("pyspark-")).toList();
    }
  }

  private static Run run(String job) throws Exception {
    return run(job, "{}");
  }

  private static Run run(String job, String config) throws Exception {
    return context.run(traps, "traps." + job, config);
  }

  @Test
  void aSparkJobThatTheJvmStartsAfterTheDeathOfItsWorkerIsCancelled() throws Exception {
    Run run = run("AsksLate");
    Late.CALLED.get(30, TimeUnit.SECONDS);
    run.kill();
    assertThat(run.outcome()).isEqualTo(new JobOutcome.Killed());
    Late.MAY_ASK.complete(null);
    assertThatThrownBy(() -> Late.ANSWER.get(30, TimeUnit.SECONDS))
        .hasMessageContaining("cancelled");
  }

  @Test
  void aTaskOfAKilledJobThatSleepsInTheJvmIsInterrupted() throws Exception {
    CompletableFuture<Long> started = new CompletableFuture<>();
    CompletableFuture<Void> ended = new CompletableFuture<>();
    SparkListener listener =
        new SparkListener() {
          @Override
          public void onTaskStart(SparkListenerTaskStart start) {
            started.complete(start.taskInfo().taskId());
          }

          @Override
          public void onTaskEnd(SparkListenerTaskEnd end) {
            if (started.getNow(-1L) == end.taskInfo().taskId()) {
              ended.complete(null);
            }
          }
        };
    SparkContext.getOrCreate().addSparkListener(listener);
    Run run = run("SleepsInJvm");
    started.get(30, TimeUnit.SECONDS);
    run.kill();
    assertThat(run.outcome()).isEqualTo(new JobOutcome.Killed());
    ended.get(20, TimeUnit.SECONDS);
    SparkContext.getOrCreate().removeSparkListener(listener);
  }

  @Test
  void aResultIsReadThoughTheEndOfItsWorkerIsKnownBefore() throws Exception {
    Path pid = folder.resolve("ends.pid");
    Runnable untilItsEndIsKnown =
        () -> {
          try {
            ProcessHandle.of(Long.parseLong(Files.readString(pid)))
                .ifPresent(worker -> worker.onExit().join());
            // What the zygote says of them is read after what it has said of this one.
            run("Folder").result();
            run("Folder").result();
          } catch (Exception e) {
            throw new IllegalStateException(e);
          }
        };
    String config = "{\"pid\":\"%s\"}".formatted(pid);
    Run run = context.run(traps, "traps.Ends", config, untilItsEndIsKnown);
    assertThat(run.result()).isEqualTo("\"done\"");
  }

  @Test
  void eachThreadOfEachJobHasSparksLocalPropertiesOfItsOwn() throws Exception {
    Run one = run("HasProperties", "{\"name\":\"one\"}");
    Run two = run("HasProperties", "{\"name\":\"two\"}");
    assertThat(one.result()).isEqualTo("[]");
    assertThat(two.result()).isEqualTo("[]");
  }

  @Test
  void theBatchesOfAStreamComeToTheProcessOfItsJob() throws Exception {
    Run one = run("StreamsToFunction");
    Run two = run("StreamsToFunction");
    assertThat(one.result()).isEqualTo("true");
    assertThat(two.result()).isEqualTo("true");
  }

  @Test
  void whatAJobHasHeldInTheJvmIsFreedWithIt() throws Exception {
    run("Holds").result();
    assertThat(run("IsHeld").result()).isEqualTo("false");
  }

  @Test
  void aViewOverFunctionsWithBroadcastsOutlivesTheJobThatMadeIt() throws Exception {
    Path needed = Path.of(run("MakesView").result().replace("\"", ""));
    assertThat(run("UsesView").result()).isEqualTo("[[0,\"a\"],[1,\"b\"],[4,\"c\"]]");
    assertThat(needed).isNotEmptyDirectory();
  }

  @Test
  void aTemporaryFolderThatNothingNeedsGoesWithItsWorker() throws Exception {
    Path of = Path.of(run("Folder").result().replace("\"", ""));
    assertThat(of.getFileName().toString()).startsWith("pyspark-");
    long end = System.nanoTime() + TimeUnit.SECONDS.toNanos(10);
    while (Files.exists(of) && System.nanoTime() < end) {
      TimeUnit.MILLISECONDS.sleep(20);
    }
    assertThat(of).doesNotExist();
  }

  @Test
  void twoVersionsOfABinaryNeverMeetOnExecutors() throws Exception {
    String module =
        """
        from sparkjobserver.api import SparkJob

        def version(_):
            return %d

        class Tells(SparkJob):
            def validate(self, context, runtime, config):
                return None

            def run_job(self, context, runtime, data):
                return context._sc.parallelize(range(4), 4).map(version).distinct().collect()
        """;
    Archive one = Archives.of(BinaryType.EGG, folder, Map.of("versioned.py", module.formatted(1)));
    Archive two = Archives.of(BinaryType.EGG, folder, Map.of("versioned.py", module.formatted(2)));
    assertThat(context.run(one, "versioned.Tells", "{}").result()).isEqualTo("[1]");
    assertThat(context.run(two, "versioned.Tells", "{}").result()).isEqualTo("[2]");
    assertThat(context.run(one, "versioned.Tells", "{}").result()).isEqualTo("[1]");
  }
}
