package spark.jobserver.io;

import static java.nio.charset.StandardCharsets.UTF_8;
import static org.assertj.core.api.Assertions.assertThat;

import java.io.BufferedReader;
import java.io.File;
import java.io.IOException;
import java.nio.file.Path;
import java.util.List;
import java.util.Optional;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import spark.jobserver.api.Content;
import spark.jobserver.api.JobState;
import spark.jobserver.api.dao.JobDao;

/**
 * Derby in a process that is killed as soon as a method has returned: what that method changed is
 * there. One process for each method that changes something, on the same database.
 */
class SuddenDeathTest {
  @TempDir Path folder;

  @Test
  void whatAMethodHasChangedOutlivesItsProcess() throws Exception {
    for (Victim.Step step : Victim.Step.values()) {
      dieAfter(step);
    }

    try (DerbyStore store = new DerbyStore(folder)) {
      JobDao dao = store.dao();
      assertThat(dao.latestBinaries()).containsExactly(Victim.BINARY);
      assertThat(bytes(dao.binaryBytes(Victim.BINARY.digest()))).isEqualTo(Victim.BYTES);
      assertThat(dao.binaryBytes(Victim.GONE.digest())).isEmpty();
      assertThat(dao.activeContexts()).containsExactly(Victim.CONTEXT.stopping());
      assertThat(dao.driver(Victim.CONTEXT.id())).contains(Victim.DRIVER);
      assertThat(dao.activeJobs()).containsExactly(Victim.RUNNING);
      assertThat(dao.killWishes()).containsExactly(Victim.RUNNING.id());
      assertThat(dao.job(Victim.FINISHED.id()))
          .contains(
              Victim.FINISHED.ended(
                  JobState.FINISHED, Victim.FINISHED.startTime(), Optional.empty()));
      assertThat(bytes(dao.result(Victim.FINISHED.id()))).isEqualTo(Victim.BYTES);
    }
  }

  private void dieAfter(Victim.Step step) throws IOException, InterruptedException {
    Process process =
        new ProcessBuilder(
                List.of(
                    Path.of(System.getProperty("java.home"), "bin", "java").toString(),
                    "-XX:TieredStopAtLevel=1",
                    "-cp",
                    System.getProperty("java.class.path"),
                    Victim.class.getName(),
                    folder.toString(),
                    step.name()))
            .redirectError(new File(folder.toFile(), step + ".log"))
            .start();
    try (BufferedReader said = process.inputReader(UTF_8)) {
      assertThat(said.readLine()).as("the process that %s", step).isEqualTo(step.name());
    } finally {
      process.destroyForcibly();
    }
    assertThat(process.waitFor(30, TimeUnit.SECONDS)).isTrue();
    assertThat(process.exitValue()).as("ended by SIGKILL").isEqualTo(128 + 9);
  }

  private static byte[] bytes(Optional<Content> content) throws IOException {
    return content.orElseThrow().open().readAllBytes();
  }
}
