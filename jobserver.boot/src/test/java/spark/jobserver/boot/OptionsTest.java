package spark.jobserver.boot;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.nio.file.Files;
import java.nio.file.Path;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class OptionsTest {
  @TempDir Path home;

  @Test
  void readsWhatTheCommandLineSays() throws Exception {
    Options options =
        Options.parse(
            "--home", "/opt/jobserver", "--conf", "/etc/a.conf", "--data", "/var/d", "--port", "0");
    assertThat(options.home()).isEqualTo(Path.of("/opt/jobserver"));
    assertThat(options.conf()).contains(Path.of("/etc/a.conf"));
    assertThat(options.data()).isEqualTo(Path.of("/var/d"));
    assertThat(options.port()).hasValue(0);
    assertThat(options.safeMode()).isFalse();
    assertThat(Options.parse("--home", "h", "--safe-mode", "--data", "d").safeMode()).isTrue();
  }

  @Test
  void takesTheConfigurationOfTheDistributionWhenThereIsOne() throws Exception {
    String[] args = {"--home", home.toString(), "--data", "d"};
    assertThat(Options.parse(args).conf()).isEmpty();
    Path conf = Files.createDirectory(home.resolve("conf")).resolve("jobserver.conf");
    Files.createFile(conf);
    assertThat(Options.parse(args).conf()).contains(conf);
  }

  @Test
  void saysWhatIsWrongAndHowItIsUsed() {
    assertWrong("--home is missing", "--data", "d");
    assertWrong("--data is missing", "--home", "h");
    assertWrong("Unknown option: --pot", "--pot", "1");
    assertWrong("--conf needs a value", "--home", "h", "--data", "d", "--conf");
    assertWrong("a number from 0 to 65535, not \"x\"", "--port", "x");
    assertWrong("a number from 0 to 65535, not \"65536\"", "--port", "65536");
  }

  private static void assertWrong(String words, String... args) {
    assertThatThrownBy(() -> Options.parse(args))
        .isInstanceOfSatisfying(
            CannotStart.class, e -> assertThat(e.code()).isEqualTo(ExitCode.USAGE))
        .hasMessageContaining(words)
        .hasMessageContaining("Usage: ServerMain");
  }
}
