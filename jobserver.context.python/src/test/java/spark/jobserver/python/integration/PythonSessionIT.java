package spark.jobserver.python.integration;

import static org.assertj.core.api.Assertions.assertThat;

import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.Arrays;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.OptionalLong;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.TimeUnit;
import java.util.function.Function;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import java.util.stream.Collectors;
import org.apache.spark.SparkContext;
import org.apache.spark.api.java.JavaSparkContext;
import org.apache.spark.scheduler.SparkListener;
import org.apache.spark.scheduler.SparkListenerJobEnd;
import org.apache.spark.scheduler.SparkListenerTaskStart;
import org.apache.spark.sql.SparkSession;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;
import spark.jobserver.api.BinaryType;
import spark.jobserver.api.NamedObject;
import spark.jobserver.api.NamedObject.Kind;
import spark.jobserver.api.context.JobOutcome;
import spark.jobserver.python.PythonSessionContextFactory;
import spark.jobserver.python.integration.Archives.Archive;

@Timeout(60)
class PythonSessionIT {
  @TempDir static Path folder;
  private static ContextUnderTest context;

  @BeforeAll
  static void makeContext() throws Exception {
    ContextUnderTest.needsSpark(folder);
    context =
        new ContextUnderTest(
            new PythonSessionContextFactory(),
            folder,
            "marker = yes, python.workers.idle = 1, job-log.max-size = 64 KiB");
  }

  @AfterAll
  static void closingLeavesNothingBehind() throws Exception {
    if (context == null) {
      return;
    }
    context.close();
    Processes.assertThatAllEnd();
    assertThat(Thread.getAllStackTraces().entrySet())
        .filteredOn(thread -> isOfAContext(thread.getKey()) || isPy4Js(thread.getValue()))
        .extracting(Map.Entry::getKey)
        .filteredOn(PythonSessionIT::outlives)
        .isEmpty();
    assertThat(folder.resolve("workers.sock")).doesNotExist();
    assertThat(folder.resolve("python")).doesNotExist();
    assertThat(folder.resolve("unpacked")).doesNotExist();
  }

  private static boolean isOfAContext(Thread thread) {
    return thread.getName().matches("(python-(?!results)|py4j-|job-).*");
  }

  /** Its threads have no names of their own. */
  private static boolean isPy4Js(StackTraceElement[] stack) {
    return Arrays.stream(stack).anyMatch(frame -> frame.getClassName().startsWith("py4j."));
  }

  private static boolean outlives(Thread thread) {
    try {
      thread.join(5000);
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
    }
    return thread.isAlive();
  }

  @Test
  void aJobReturnsItsResult() throws Exception {
    Run run = context.run("WordCount", "{\"input\":{\"strings\":[\"a\",\"b\",\"a\"]}}");
    assertThat(run.result()).isIn("{\"a\":2,\"b\":1}", "{\"b\":1,\"a\":2}");
    assertThat(run.wasValidated()).isTrue();
  }

  @Test
  void refusedInputIsToldWithItsProblems() throws Exception {
    Run run = context.run("WordCount", "{}");
    assertThat(run.outcome())
        .isEqualTo(new JobOutcome.Invalid(java.util.List.of("config input.strings not found")));
    assertThat(run.wasValidated()).isFalse();
  }

  @Test
  void aClassThatIsNotInTheBinaryIsNotFound() throws Exception {
    assertThat(context.run("NoSuchJob", "{}").outcome())
        .isEqualTo(new JobOutcome.NotFound("jobs.NoSuchJob"));
  }

  @Test
  void anErrorOfTheJobIsToldWithItsTraceback() throws Exception {
    var failure = context.run("Raises", "{}").failure();
    assertThat(failure.errorClass()).isEqualTo("KeyError");
    assertThat(failure.message()).isEqualTo("'no such key'");
    assertThat(failure.stack()).contains("Traceback", "in run_job\n");
  }

  @Test
  void theEnvironmentIsAsPySparksAndHoldsNoSecret() throws Exception {
    assertThat(context.run("Tells", "{}").result())
        .isEqualTo(
            "[\"0\",[],\"true\",\"%s\",3,\"yes\"]"
                .formatted(System.getProperty("python", "python3")));
  }

  @ParameterizedTest
  @ValueSource(ints = {3, 3_000_000})
  void aResultArrivesAsItIsHoweverLarge(int size) throws Exception {
    assertThat(context.run("Large", "{\"size\":%d}".formatted(size)).result())
        .isEqualTo("[1.10,\"" + "x".repeat(size) + "\"]");
  }

  @Test
  void twoJobsRunAtOnce() throws Exception {
    Path one = pipe("one");
    Path two = pipe("two");
    String config = "{\"first\":%s,\"mine\":\"%s\",\"other\":\"%s\"}";
    Run first = context.run("Meets", config.formatted(true, one, two));
    Run second = context.run("Meets", config.formatted(false, two, one));
    assertThat(first.result()).isEqualTo("\"too\"");
    assertThat(second.result()).isEqualTo("\"here\"");
  }

  @Test
  void manyJobsGetAWorkerEach() throws Exception {
    Run[] runs = new Run[12];
    for (int i = 0; i < runs.length; i++) {
      runs[i] = context.run("Pid", "{}");
    }
    for (Run run : runs) {
      assertThat(run.result()).isNotEmpty();
    }
    assertThat(Arrays.stream(runs).map(PythonSessionIT::resultOf).distinct()).hasSize(12);
  }

  @Test
  void aKilledJobIsDead() throws Exception {
    Path pid = folder.resolve("killed.pid");
    Run run = context.run("Sleeps", "{\"pid\":\"%s\"}".formatted(pid)).valid();
    run.kill();
    run.kill();
    assertThat(run.outcome()).isEqualTo(new JobOutcome.Killed());
    assertThat(isAlive(pid)).isFalse();
  }

  @Test
  void aJobCanBeKilledBeforeItHasAWorker() throws Exception {
    Run run = context.run("Sleeps", "{}");
    run.kill();
    assertThat(run.outcome()).isEqualTo(new JobOutcome.Killed());
  }

  @Test
  void killingAJobThatHasEndedChangesNothing() throws Exception {
    Run run = context.run("Pid", "{}");
    assertThat(run.result()).isNotEmpty();
    run.kill();
    assertThat(run.outcome()).isInstanceOf(JobOutcome.Finished.class);
  }

  @Test
  void theSparkJobsOfAKilledJobAreCancelled() throws Exception {
    CompletableFuture<Void> started = new CompletableFuture<>();
    CompletableFuture<Void> ended = new CompletableFuture<>();
    SparkListener listener =
        new SparkListener() {
          @Override
          public void onTaskStart(SparkListenerTaskStart start) {
            started.complete(null);
          }

          @Override
          public void onJobEnd(SparkListenerJobEnd end) {
            ended.complete(null);
          }
        };
    SparkContext spark = SparkContext.getOrCreate();
    spark.addSparkListener(listener);
    Run run = context.run("SleepsInSpark", "{}").valid();
    started.get(30, TimeUnit.SECONDS);
    run.kill();
    assertThat(run.outcome()).isEqualTo(new JobOutcome.Killed());
    ended.get(10, TimeUnit.SECONDS);
    // The tracker hears of it by a queue of its own.
    JavaSparkContext tracked = JavaSparkContext.fromSparkContext(spark);
    long deadline = System.nanoTime() + TimeUnit.SECONDS.toNanos(10);
    while (tracked.statusTracker().getActiveJobIds().length > 0 && System.nanoTime() < deadline) {
      TimeUnit.MILLISECONDS.sleep(20);
    }
    assertThat(tracked.statusTracker().getActiveJobIds()).isEmpty();
    spark.removeSparkListener(listener);
  }

  @Test
  void theDeathOfAWorkerIsToldAtOnce() throws Exception {
    Path pid = folder.resolve("shot.pid");
    Run run = context.run("Sleeps", "{\"pid\":\"%s\"}".formatted(pid)).valid();
    process(pid).destroyForcibly();
    assertThat(run.failure().message())
        .isEqualTo("The job's Python process ended unexpectedly: signal 9 (SIGKILL)");
  }

  @Test
  void aDeadZygoteIsReplaced() throws Exception {
    Path pid = folder.resolve("orphan.pid");
    Run run = context.run("Sleeps", "{\"pid\":\"%s\"}".formatted(pid)).valid();
    ProcessHandle worker = process(pid);
    worker.parent().orElseThrow().destroyForcibly();
    assertThat(run.failure().message()).contains("ended unexpectedly", "zygote");
    worker.onExit().get(10, TimeUnit.SECONDS);
    assertThat(context.run("Pid", "{}").result()).isNotEmpty();
  }

  @Test
  void aJobIsKilledThoughTheZygoteHangs() throws Exception {
    Path pid = folder.resolve("hung.pid");
    Run run = context.run("Sleeps", "{\"pid\":\"%s\"}".formatted(pid)).valid();
    long zygote = process(pid).parent().orElseThrow().pid();
    signal("STOP", zygote);
    try {
      run.kill();
      assertThat(run.outcome()).isEqualTo(new JobOutcome.Killed());
    } finally {
      signal("CONT", zygote);
    }
  }

  @Test
  void processesThatAJobHasLeftAreEnded() throws Exception {
    long child = Long.parseLong(context.run("LeavesChild", "{}").result());
    var handle = ProcessHandle.of(child);
    if (handle.isPresent()) {
      handle.get().onExit().get(10, TimeUnit.SECONDS);
    }
  }

  @Test
  void ofALongLogTheMiddleIsLeftOut() throws Exception {
    Run run = context.run("Floods", "{}");
    run.result();
    awaitSize(run.log, 64 << 10);
    assertThat(run.log)
        .content()
        .startsWith("line 0\n")
        .containsPattern("\n\\[\\d{7} bytes are left out here: job-log.max-size]\nline ")
        .endsWith("\nlast printed\n");
  }

  private static void awaitSize(Path log, long most) throws Exception {
    long deadline = System.nanoTime() + TimeUnit.SECONDS.toNanos(10);
    while (Files.size(log) > most && System.nanoTime() < deadline) {
      TimeUnit.MILLISECONDS.sleep(20);
    }
    assertThat(log).satisfies(file -> assertThat(Files.size(file)).isLessThanOrEqualTo(most));
  }

  @Test
  void whatJobsShareIsTold() throws Exception {
    assertThat(context.run("Shares", "{}").result()).isEqualTo("{\"key\":[1,2]}");
    Map<String, NamedObject> shared =
        context.running.namedObjects().stream()
            .collect(Collectors.toMap(NamedObject::name, Function.identity()));
    context.run("Unshares", "{}").result();

    assertThat(shared)
        .containsOnlyKeys(
            "held frame",
            "lazy frame",
            "held rdd",
            "lazy rdd",
            "value",
            "own",
            "bare",
            "bare frame");
    assertThat(shared.get("held frame").kind()).isEqualTo(Kind.DATAFRAME);
    assertThat(shared.get("held frame").className()).isEmpty();
    assertThat(shared.get("held frame").size().orElse(0)).isBetween(1L, 100_000L);
    assertThat(shared.get("held rdd").kind()).isEqualTo(Kind.RDD);
    assertThat(shared.get("held rdd").size().orElse(0)).isBetween(1L, 100_000L);
    assertThat(shared.get("value").size().orElse(0)).isBetween(1L, 1000L);
    assertThat(shared.get("own").className()).contains("jobs.Base");
    assertThat(List.of(shared.get("lazy frame"), shared.get("lazy rdd"), shared.get("bare")))
        .containsExactly(
            new NamedObject("lazy frame", Kind.DATAFRAME, Optional.empty(), OptionalLong.empty()),
            new NamedObject("lazy rdd", Kind.RDD, Optional.empty(), OptionalLong.of(0)),
            new NamedObject(
                "bare", Kind.OBJECT, Optional.of("java.util.ArrayList"), OptionalLong.empty()));
    assertThat(shared.get("value").className()).contains("dict");
    assertThat(shared.get("bare frame").kind()).isEqualTo(Kind.DATAFRAME);
    assertThat(context.running.namedObjects()).isEmpty();
  }

  @Test
  void aStreamingQueryEndsWithItsJob() throws Exception {
    Path empty = Files.createDirectory(folder.resolve("empty"));
    Run run = context.run("Streams", "{\"folder\":\"%s\"}".formatted(empty));
    String id = run.result().replace("\"", "");
    var query = SparkSession.getActiveSession().get().streams().get(id);
    if (query != null) {
      assertThat(query.awaitTermination(Duration.ofSeconds(20).toMillis())).isTrue();
    }
  }

  @Test
  void executorsImportFromWheelsToo() throws Exception {
    String module =
        """
        from sparkjobserver.api import SparkJob

        def double(x):
            return 2 * x

        class Doubles(SparkJob):
            def validate(self, context, runtime, config):
                return None

            def run_job(self, context, runtime, data):
                def work(x):
                    import wheeled
                    import pyhocon
                    return [wheeled.double(x), wheeled.__file__]
                return context._sc.parallelize([1, 2], 2).map(work).collect()
        """;
    Archive wheel =
        Archives.of(
            BinaryType.WHEEL,
            folder,
            Map.of(
                "wheeled.py", module,
                "wheeled-1.0.dist-info/METADATA", "Metadata-Version: 2.1\nName: wheeled\n",
                "wheeled-1.0.dist-info/WHEEL", "Wheel-Version: 1.0\n"));
    String result = context.run(wheel, "wheeled.Doubles", "{}").result();
    Matcher file = Pattern.compile("\\[\\[2,\"([^\"]*)\"\\],\\[4,").matcher(result);
    assertThat(file.find()).as(result).isTrue();
    assertThat(file.group(1)).contains(wheel.binary().digest() + ".zip");
  }

  @Test
  void jobsAndExecutorsImportWhatTheJobDependsOn() throws Exception {
    String module =
        """
        from sparkjobserver.api import SparkJob

        def told(_=None):
            import common, library, other
            return [common.of, library.version, other.__name__]

        class Tells(SparkJob):
            def validate(self, context, runtime, config):
                return None

            def run_job(self, context, runtime, data):
                return [told(), context._sc.parallelize([1], 1).map(told).collect()]
        """;
    Archive job = egg(Map.of("needy.py", module, "common.py", "of = 'job'"));
    Archive other = egg(Map.of("other.py", "", "library.py", "version = 'hidden'"));
    for (int version = 1; version <= 2; version++) {
      Archive library =
          Archives.of(
              BinaryType.WHEEL,
              folder,
              Map.of(
                  "library-1.0.data/purelib/library.py",
                  "version = " + version,
                  "common.py",
                  "of = 'library'"));
      String told = "[\"job\",%d,\"other\"]".formatted(version);
      assertThat(context.run(job, "needy.Tells", "{}", library, other).result())
          .isEqualTo("[%s,[%s]]".formatted(told, told));
    }
    assertThat(context.run(job, "needy.Tells", "{}").failure().message())
        .isEqualTo("No module named 'library'");
  }

  private static Archive egg(Map<String, String> files) throws Exception {
    return Archives.of(BinaryType.EGG, folder, files);
  }

  private static String resultOf(Run run) {
    try {
      return run.result();
    } catch (Exception e) {
      throw new AssertionError(e);
    }
  }

  private static Path pipe(String name) throws Exception {
    Path pipe = folder.resolve(name);
    new ProcessBuilder("mkfifo", pipe.toString()).start().waitFor();
    return pipe;
  }

  private static void signal(String name, long pid) throws Exception {
    new ProcessBuilder("sh", "-c", "kill -s " + name + " " + pid).start().waitFor();
  }

  private static ProcessHandle process(Path pid) throws Exception {
    return ProcessHandle.of(Long.parseLong(Files.readString(pid))).orElseThrow();
  }

  private static boolean isAlive(Path pid) throws Exception {
    return ProcessHandle.of(Long.parseLong(Files.readString(pid)))
        .map(ProcessHandle::isAlive)
        .orElse(false);
  }
}
