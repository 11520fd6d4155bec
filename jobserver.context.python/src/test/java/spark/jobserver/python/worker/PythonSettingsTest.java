package spark.jobserver.python.worker;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import com.typesafe.config.ConfigFactory;
import java.nio.file.Path;
import java.util.List;
import java.util.Optional;
import org.junit.jupiter.api.Test;

class PythonSettingsTest {
  private static final long MIB_10 = 10 * 1024 * 1024;
  private static final long MIB_256 = 256 * 1024 * 1024;

  private static final Optional<Path> NONE = Optional.empty();

  @Test
  void thereAreDefaults() {
    assertThat(of(""))
        .isEqualTo(
            new PythonSettings("python3", NONE, List.of(), 2, 8, false, true, 0, MIB_256, MIB_10));
  }

  @Test
  void theSeedsKeysCount() {
    assertThat(of("python { executable = \"/opt/python\", paths = [\"/a\", \"/b\"] }"))
        .isEqualTo(
            new PythonSettings(
                "/opt/python", NONE, List.of("/a", "/b"), 2, 8, false, true, 0, MIB_256, MIB_10));
  }

  @Test
  void aQueryHasOnlyTexts() {
    assertThat(
            of(
                "python.paths = \"/a, /b,\", python.workers.idle = \"3\","
                    + " python.workers.reuse = \"yes\", python.workers.most-idle = \"4\","
                    + " python.workers.max-memory = 256m, max-result-size = \"1 MiB\","
                    + " python.executor-daemon = \"false\", job-log.max-size = \"64k\""))
        .isEqualTo(
            new PythonSettings(
                "python3", NONE, List.of("/a", "/b"), 3, 4, true, false, 1 << 28, 1 << 20, 65_536));
  }

  @Test
  void aPackedEnvironmentIsAPathOrNone() {
    assertThat(of("python.environment = /opt/venv.tar.gz").environment())
        .contains(Path.of("/opt/venv.tar.gz"));
    assertThat(of("python.environment = \"\"").environment()).isEmpty();
    assertThatThrownBy(() -> of("python.environment = \"a\\u0000b\""))
        .hasMessageStartingWith("python.environment is no path: ");
  }

  @Test
  void nonsenseIsRefused() {
    assertThatThrownBy(() -> of("python.workers.idle = 65"))
        .hasMessage("python.workers.idle is 65, not a number from 0 to 64");
    assertThatThrownBy(() -> of("python.workers.most-idle = -1"))
        .hasMessage("python.workers.most-idle is -1, not a number from 0 to 64");
    assertThatThrownBy(() -> of("python.workers.max-memory = 63 MiB"))
        .hasMessage(
            "python.workers.max-memory is 66060288 bytes, less than 67108864; 0 is no limit");
    assertThatThrownBy(() -> of("max-result-size = 3 GiB"))
        .hasMessage("max-result-size is 3221225472 bytes, not a number from 1 to 2147483647");
    assertThatThrownBy(() -> of("python.executable = \" \"")).hasMessageContaining("is empty");
    assertThatThrownBy(() -> of("job-log.max-size = 63 KiB"))
        .hasMessage("job-log.max-size is 64512 bytes, less than 65536");
  }

  private static PythonSettings of(String settings) {
    return PythonSettings.of(ConfigFactory.parseString(settings));
  }
}
