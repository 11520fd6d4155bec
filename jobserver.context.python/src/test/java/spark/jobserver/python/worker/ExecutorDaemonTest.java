package spark.jobserver.python.worker;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.File;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Map;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class ExecutorDaemonTest {
  @TempDir Path folder;

  @Test
  void theModuleLiesWhereTheWayLeads() throws IOException {
    BundledPython python =
        new BundledPython(folder.resolve("lib"), List.of(), folder.resolve("executors.zip"));
    Files.createDirectories(python.executorDaemon().getParent());
    Files.writeString(python.executorDaemon(), "module");

    ExecutorDaemon daemon = ExecutorDaemon.unpack(python, folder.resolve("daemon"));

    assertThat(daemon.file()).hasFileName("sparkjobserver_daemon.py").hasContent("module");
    assertThat(daemon.way().split(File.pathSeparator))
        .containsExactly(".", daemon.file().getParent().toString());
  }

  @Test
  void itIsUsedWhereNothingSpeaksAgainstIt() {
    assertThat(mayBeUsed(Map.of())).isTrue();
    assertThat(mayBeUsed(Map.of("spark.sql.artifact.isolation.enabled", "false"))).isTrue();
    assertThat(mayBeUsed(Map.of("spark.plugins", "their.Plugin"))).isTrue();
  }

  @Test
  void anotherThatIsAskedForIsUsed() {
    assertThat(mayBeUsed(Map.of("spark.python.daemon.module", "pyspark.daemon"))).isFalse();
  }

  @Test
  void itIsNotUsedWhereExecutorsMayNotFindIt() {
    assertThat(mayBeUsed(Map.of("spark.sql.artifact.isolation.enabled", "true"))).isFalse();
    String connect = "their.Plugin,org.apache.spark.sql.connect.SparkConnectPlugin";
    assertThat(mayBeUsed(Map.of("spark.plugins", connect))).isFalse();
  }

  private static boolean mayBeUsed(Map<String, String> conf) {
    return ExecutorDaemon.mayBeUsed(key -> conf.getOrDefault(key, ""));
  }
}
