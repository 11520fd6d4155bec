package spark.jobserver.python.integration;

import static org.assertj.core.api.Assertions.assertThat;

import java.nio.file.Path;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;
import spark.jobserver.python.PythonSessionContextFactory;

@Timeout(300)
class ExecutorDaemonIT {
  @TempDir Path folder;

  @Test
  void executorsProcessesAreForkedByOurModuleAndDoNotSeeHowItWasFound() throws Exception {
    assertThat(forkedBy("")).isEqualTo("[\"sparkjobserver_daemon\",[],[]]");
  }

  @Test
  void orByPySparksWhereOursIsSwitchedOff() throws Exception {
    assertThat(forkedBy("python.executor-daemon = false")).isEqualTo("[\"pyspark.daemon\",[],[]]");
  }

  private String forkedBy(String settings) throws Exception {
    ContextUnderTest.needsSpark(folder);
    try (ContextUnderTest context =
        new ContextUnderTest(new PythonSessionContextFactory(), folder, settings)) {
      return context.run("Forked", "{}").result();
    }
  }
}
