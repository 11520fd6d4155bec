package spark.jobserver.python.integration;

import static org.assertj.core.api.Assertions.assertThat;

import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Map;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;
import spark.jobserver.api.BinaryType;
import spark.jobserver.api.context.JobOutcome;
import spark.jobserver.python.PythonSessionContextFactory;
import spark.jobserver.python.integration.Archives.Archive;

/** Contexts whose workers run one job after another. */
@Timeout(60)
class ReuseIT {
  @TempDir static Path folder;
  private static ContextUnderTest context;

  @BeforeAll
  static void makeContext() throws Exception {
    ContextUnderTest.needsSpark(folder);
    context =
        new ContextUnderTest(
            new PythonSessionContextFactory(),
            folder,
            "python.workers { idle = 1, reuse = on }, job-log.max-size = 64 KiB");
  }

  @AfterAll
  static void closingLeavesNothingBehind() throws Exception {
    if (context != null) {
      context.close();
      Processes.assertThatAllEnd();
    }
  }

  @Test
  void jobsOfABinaryHaveTheSameProcessAndItsModules() throws Exception {
    String first = context.run("Keeps", "{}").result();
    String second = context.run("Keeps", "{}").result();
    assertThat(second).isNotEqualTo(first);
    assertThat(pid(second)).isEqualTo(pid(first));
  }

  private static String pid(String result) {
    return result.substring(0, result.indexOf(','));
  }

  @Test
  void jobsOfTwoVersionsOfABinaryHaveProcessesOfTheirOwn() throws Exception {
    Archive other =
        Archives.of(
            BinaryType.WHEEL,
            folder,
            Map.of(
                "jobs/__init__.py",
                Archives.resource("jobs.py").replace("count = 0", "count = 100")));
    String first = context.run("Keeps", "{}").result();
    String second = context.run(other, "jobs.Keeps", "{}").result();
    assertThat(pid(second)).isNotEqualTo(pid(first));
    assertThat(second).endsWith(",101]");
  }

  @Test
  void jobsWithOtherDependenciesHaveProcessesOfTheirOwn() throws Exception {
    Archive one = Archives.of(BinaryType.WHEEL, folder, Map.of("lib.py", "version = 1"));
    Archive two = Archives.of(BinaryType.WHEEL, folder, Map.of("lib.py", "version = 2"));
    String first = context.run(context.egg, "jobs.Keeps", "{}", one).result();
    String other = context.run(context.egg, "jobs.Keeps", "{}", two).result();
    String again = context.run(context.egg, "jobs.Keeps", "{}", one).result();
    assertThat(pid(other)).isNotEqualTo(pid(first));
    assertThat(pid(again)).isEqualTo(pid(first));
  }

  @Test
  void whatAJobSetsForItsSparkJobsTheNextDoesNotFind() throws Exception {
    String first = context.run("LocalProperties", "{\"set\":true}").result();
    String second = context.run("LocalProperties", "{\"set\":true}").result();
    assertThat(first).startsWith("[[null,null,[]],");
    assertThat(second).isEqualTo(first);
  }

  @Test
  void aJobIsKilledWithItsProcessAndTheNextHasAnother() throws Exception {
    String first = context.run("Keeps", "{}").result();
    Run sleeps = context.run("Sleeps", "{}").valid();
    sleeps.kill();
    assertThat(sleeps.outcome()).isEqualTo(new JobOutcome.Killed());
    assertThat(pid(context.run("Keeps", "{}").result())).isNotEqualTo(pid(first));
  }

  @Test
  void aSparkJobIsCancelledThatWasUnderWayInTheJvmWhenItsJobEnded() throws Exception {
    assertThat(context.run("LeavesSparkJob", "{}").result()).isEqualTo("\"left\"");
    assertThat(context.run("AwaitsQuiet", "{}").result()).isEqualTo("true");
  }

  @Test
  void eachJobHasALogOfItsOwnThatIsKeptSmall() throws Exception {
    Run talks = context.run("Talks", "{}");
    talks.result();
    Run next = context.run("Keeps", "{}");
    next.result();
    long deadline = System.nanoTime() + 30_000_000_000L;
    while (Files.size(talks.log) > 64 << 10 && System.nanoTime() < deadline) {
      Thread.sleep(50);
    }
    assertThat(Files.readString(talks.log)).contains("bytes are left out here", "the last line");
    assertThat(next.log).isEmptyFile();
  }
}
