package spark.jobserver.core.config;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.nio.file.Files;
import java.nio.file.Path;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;
import spark.jobserver.api.server.JobserverException;

class PostedConfigTest {
  @Test
  void nothing_posted_is_an_empty_configuration() {
    assertThat(PostedConfig.json(PostedConfig.parse(""))).isEqualTo("{}");
  }

  @Test
  void hocon_becomes_json_with_its_substitutions_resolved() {
    String json = PostedConfig.json(PostedConfig.parse("a.b = [1, x]\nc = ${a.b}"));

    assertThat(json).isEqualTo("{\"a\":{\"b\":[1,\"x\"]},\"c\":[1,\"x\"]}");
  }

  @Test
  void a_form_with_one_key_is_hocon_too() {
    assertThat(PostedConfig.parse("test_config=test_config_value").getString("test_config"))
        .isEqualTo("test_config_value");
  }

  @ParameterizedTest
  @ValueSource(strings = {"a = ${HOME}", "a = ${user.dir}", "a = ${spark.jobserver.port}"})
  void sees_neither_environment_nor_system_properties_nor_the_server(String posted) {
    assertThatThrownBy(() -> PostedConfig.parse(posted))
        .isInstanceOf(JobserverException.class)
        .hasMessageStartingWith("Cannot parse config: ");
  }

  @Test
  void an_optional_substitution_does_not_see_the_environment() {
    assertThat(PostedConfig.parse("a = ${?PATH}").hasPath("a")).isFalse();
  }

  @ParameterizedTest
  @ValueSource(
      strings = {
        "include \"%s\"",
        "include file(\"%s\")",
        "include required(file(\"%s\"))",
        "include url(\"file:%s\")",
        "include classpath(\"reference.conf\")",
        "include required(classpath(\"reference.conf\"))"
      })
  void refuses_every_kind_of_include(String posted, @TempDir Path folder) throws Exception {
    Path secret = Files.writeString(folder.resolve("secret.conf"), "secret = 1");

    assertThatThrownBy(() -> PostedConfig.parse(posted.formatted(secret)))
        .isInstanceOf(JobserverException.class)
        .hasMessageContaining("may not include");
  }

  @ParameterizedTest
  @ValueSource(strings = {"a = [", "a = }", "= 1", "a = ${b}"})
  void says_what_is_wrong(String posted) {
    assertThatThrownBy(() -> PostedConfig.parse(posted))
        .isInstanceOf(JobserverException.class)
        .hasMessageStartingWith("Cannot parse config: ");
  }

  @Test
  void refuses_what_is_nested_too_deeply() {
    String deep = "a=" + "[".repeat(100_000) + "]".repeat(100_000);

    assertThatThrownBy(() -> PostedConfig.parse(deep))
        .isInstanceOf(JobserverException.class)
        .hasMessageContaining("nested too deeply");
  }

  @Test
  void refuses_what_substitutions_make_too_large() {
    String posted = "a=\"" + "x".repeat(2_000_000) + "\"\nb=[" + "${a},".repeat(10) + "]";

    assertThatThrownBy(() -> PostedConfig.json(PostedConfig.parse(posted)))
        .isInstanceOf(JobserverException.class)
        .hasMessageContaining("characters");
  }
}
