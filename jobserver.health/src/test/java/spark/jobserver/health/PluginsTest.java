package spark.jobserver.health;

import static org.assertj.core.api.Assertions.assertThat;

import java.nio.file.Path;
import org.junit.jupiter.api.Test;

class PluginsTest {
  private static final Path FOLDER = Path.of("/srv/my data/50%/plugins");

  @Test
  void isWhatWasInstalledFromTheFolder() {
    String there = FOLDER.resolve("a b.jar").toUri().toString();

    assertThat(there).isEqualTo("file:///srv/my%20data/50%25/plugins/a%20b.jar");
    assertThat(Plugins.isIn(FOLDER, there)).isTrue();
    assertThat(Plugins.isIn(FOLDER, "file:/srv/my%20data/50%25/plugins/a.jar")).isTrue();
    assertThat(Plugins.isIn(FOLDER, "file:/srv/my data/50%/plugins/a.jar")).isTrue();
    assertThat(Plugins.isIn(FOLDER, "/srv/my data/50%/plugins/a.jar")).isTrue();
  }

  @Test
  void isNothingElse() {
    assertThat(Plugins.isIn(FOLDER, "file:/srv/my%20data/50%25/plugins-old/a.jar")).isFalse();
    assertThat(Plugins.isIn(FOLDER, "file:/srv/my%20data/50%25/bundles/a.jar")).isFalse();
    assertThat(Plugins.isIn(FOLDER, "System Bundle")).isFalse();
    assertThat(Plugins.isIn(FOLDER, "mvn:group/artifact/1.0")).isFalse();
    assertThat(Plugins.isIn(FOLDER, "")).isFalse();
  }
}
