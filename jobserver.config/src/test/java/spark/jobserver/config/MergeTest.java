package spark.jobserver.config;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static spark.jobserver.config.Samples.file;
import static spark.jobserver.config.Samples.merge;
import static spark.jobserver.config.Samples.reference;

import com.typesafe.config.ConfigException;
import java.io.InputStreamReader;
import java.io.Reader;
import java.nio.charset.StandardCharsets;
import java.util.List;
import org.junit.jupiter.api.Test;

class MergeTest {
  @Test
  void putsTheFileOverTheReferences() {
    Merge merge = merge("a.x = 2", "a { x = 1, y = 1 }");
    assertThat(merge.config().getInt("a.x")).isEqualTo(2);
    assertThat(merge.config().getInt("a.y")).isEqualTo(1);
    assertThat(merge.reference().getInt("a.x")).isEqualTo(1);
  }

  @Test
  void letsNoPluginChangeWhatAnOlderBundleSays() {
    Merge merge = Merge.of(file(""), List.of(reference(9, "a = 9, b = 9"), reference(2, "a = 2")));
    assertThat(merge.config().getInt("a")).isEqualTo(2);
    assertThat(merge.config().getInt("b")).isEqualTo(9);
  }

  @Test
  void letsTheFileUseTheEnvironmentAndAddToAList() {
    Merge merge = merge("paths = ${paths} [ ${HOME}/python ]", "paths = [ here ], also = ${paths}");
    assertThat(merge.config().getStringList("paths"))
        .containsExactly("here", System.getenv("HOME") + "/python");
    assertThat(merge.config().getStringList("also")).hasSize(2);
  }

  @Test
  void refusesAReferenceThatUsesTheEnvironment() {
    Merge merge =
        Merge.of(file("c = 3"), List.of(reference(1, "a = 1"), reference(2, "b = ${HOME}")));
    assertThat(merge.config().hasPath("b")).isFalse();
    assertThat(merge.config().getInt("a")).isEqualTo(1);
    assertThat(merge.refused())
        .singleElement()
        .satisfies(
            refused -> {
              assertThat(refused.bundle()).isEqualTo("bundle2");
              assertThat(refused.reason()).contains("HOME");
            });
  }

  @Test
  void letsAReferenceUseWhatAnotherSays() {
    Merge merge = Merge.of(file("a = 5"), List.of(reference(1, "b = ${a}"), reference(2, "a = 1")));
    assertThat(merge.refused()).isEmpty();
    assertThat(merge.config().getInt("b")).isEqualTo(5);
  }

  @Test
  void refusesEveryKindOfIncludeInAReference() {
    for (String include :
        List.of(
            "\"x\"",
            "file(\"/etc/passwd\")",
            "url(\"file:///etc/passwd\")",
            "classpath(\"x\")",
            "required(file(\"/etc/passwd\"))")) {
      assertThatThrownBy(() -> reference(1, "include " + include))
          .as(include)
          .isInstanceOf(ConfigException.class)
          .hasMessageContaining("must not include");
    }
  }

  @Test
  void saysWhereTheFileNamesSomethingThatIsNotThere() {
    assertThatThrownBy(() -> merge("\n\nx = ${NO_SUCH_VARIABLE}", ""))
        .isInstanceOf(ConfigException.class)
        .hasMessageContaining("jobserver.conf: 3")
        .hasMessageContaining("NO_SUCH_VARIABLE");
  }

  @Test
  void hasAReferenceOfItsOwnThatIsSound() throws Exception {
    try (Reader own =
        new InputStreamReader(
            MergeTest.class.getResourceAsStream("/reference.conf"), StandardCharsets.UTF_8)) {
      Merge merge = Merge.of(file(""), List.of(ReferenceConf.parse("own", 1, own)));
      assertThat(merge.refused()).isEmpty();
      assertThat(merge.config().getInt("spark.jobserver.port")).isEqualTo(8090);
      assertThat(merge.config().getInt("spark.context-settings.num-cpu-cores")).isEqualTo(4);
    }
  }
}
