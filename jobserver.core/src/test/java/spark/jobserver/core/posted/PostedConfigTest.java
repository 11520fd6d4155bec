package spark.jobserver.core.posted;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import com.typesafe.config.Config;
import com.typesafe.config.ConfigException;
import com.typesafe.config.ConfigFactory;
import com.typesafe.config.ConfigParseOptions;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Map;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;
import spark.jobserver.api.server.ErrorCode;
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

  @Test
  void a_key_with_a_point_in_quotes_is_one_key() {
    assertThat(PostedConfig.parse("\"a.b\" = 1").getInt("\"a.b\"")).isEqualTo(1);
  }

  @ParameterizedTest
  @ValueSource(strings = {"a = ${HOME}", "a = ${user.dir}", "a = ${spark.jobserver.port}"})
  void sees_neither_environment_nor_system_properties_nor_the_server(String posted) {
    assertThatThrownBy(() -> PostedConfig.parse(posted))
        .isInstanceOf(JobserverException.class)
        .hasMessageStartingWith("Cannot parse config: line 1: ${")
        .hasMessageContaining("has no value");
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
        "include required(classpath(\"reference.conf\"))",
        "a { b = [{ include \"%s\" }] }",
        "a = 1, include\"%s\""
      })
  void refuses_every_kind_of_include(String posted, @TempDir Path folder) throws Exception {
    Path secret = Files.writeString(folder.resolve("secret.conf"), "secret = 1");

    assertThatThrownBy(() -> PostedConfig.parse(posted.formatted(secret)))
        .isInstanceOf(JobserverException.class)
        .hasMessage("Cannot parse config: line 1: a posted configuration may not include another");
  }

  @Test
  void parameters_are_settings_by_their_paths() {
    Config config = PostedConfig.of(Map.of("a.b", "1", "\"c.d\"", "x"));

    assertThat(PostedConfig.json(config)).isEqualTo("{\"a\":{\"b\":\"1\"},\"c.d\":\"x\"}");
  }

  @ParameterizedTest
  @CsvSource({
    "a..b, 'Cannot parse config: '",
    "'', 'Cannot parse config: '",
    "'\"', 'Cannot parse config: '",
  })
  void a_parameter_that_is_no_path_is_refused(String name, String words) {
    assertThatThrownBy(() -> PostedConfig.of(Map.of(name, "1")))
        .isInstanceOf(JobserverException.class)
        .hasMessageStartingWith(words);
  }

  @Test
  void a_parameter_with_too_many_levels_is_refused() {
    String most = "a" + ".a".repeat(199);

    assertThat(PostedConfig.json(PostedConfig.of(Map.of(most, "1")))).hasSizeGreaterThan(1000);
    assertThatThrownBy(() -> PostedConfig.of(Map.of(most + ".a", "1")))
        .isInstanceOf(JobserverException.class)
        .hasMessage(
            "Cannot parse config: '%s…' has more than 200 levels, which are the most"
                .formatted(most.substring(0, 60)));
  }

  @Test
  void parameters_that_contradict_each_other_are_refused() {
    assertThatThrownBy(() -> PostedConfig.of(Map.of("a", "1", "a.b", "2")))
        .isInstanceOf(JobserverException.class)
        .hasMessageStartingWith("Cannot parse config: ");
  }

  @Test
  void a_key_or_a_text_may_be_called_include() {
    assertThat(PostedConfig.json(PostedConfig.parse("\"include\" = include, include.x = y")))
        .isEqualTo("{\"include\":{\"x\":\"y\"}}");
  }

  @ParameterizedTest
  @CsvSource(
      delimiter = '|',
      quoteCharacter = '`',
      value = {
        "a = [             | line 1: the '[' has no ']'",
        "a { b = 1         | line 1: the '{' has no '}'",
        "a = }             | line 1: expected a value, not '}'",
        "= 1               | line 1: expected a key, not '='",
        "a = ${b}          | line 1: ${b} has no value",
        "a = 1 b = 2       | line 1: expected a comma or a new line before '='",
        "a = [1 [2, 3}     | line 1: expected a comma, a new line or ']' before '}'",
        "a = [[1] 2]       | line 1: a list and '2' cannot be put together",
        "a b               | line 1: expected '=', ':' or '{' after the key 'a b', not the end",
        "a = \"x           | line 1: a string that starts here has no closing quote",
        "a = \"\\x\"       | line 1: '\\x' is no escape",
        "a = \"\\u12g4\"   | line 1: '\\u' must be followed by four hexadecimal digits",
        "a=1&b=2           | line 1: '&' may stand only in quotes here",
        "a = ${b           | line 1: expected '}' after the path of a substitution, not the end",
        "a = ${}           | line 1: expected a path after '${', not '}'",
        "a = ${${b}}       | line 1: expected a path after '${', not '${'",
        "a..b = 1          | line 1: a path has a point without a key beside it",
        "[1]               | line 1: a configuration is an object, not a list",
        "{a = 1} b         | line 1: expected the end of the text, not 'b'",
        "a = [{b += 1}]    | line 1: '+=' cannot be used inside of a list",
        "a = 1e1000000     | the number 1e1000000 is too large; in quotes it is text",
        "a = {b = ${a}}    | line 1: ${a} refers to an object or a list that it is part of"
      })
  void says_what_is_wrong(String posted, String why) {
    assertThatThrownBy(() -> PostedConfig.parse(posted))
        .isInstanceOfSatisfying(
            JobserverException.class, e -> assertThat(e.code()).isEqualTo(ErrorCode.CONFIG))
        .hasMessageStartingWith("Cannot parse config: " + why);
  }

  @Test
  void says_in_which_line_something_is_wrong() {
    assertThatThrownBy(() -> PostedConfig.parse("a = 1\nb = \"\"\"x\ny\"\"\"\r\n# c\nd = ${e}"))
        .hasMessageStartingWith("Cannot parse config: line 5: ${e}");
  }

  @Test
  void says_a_control_character_by_its_number() {
    assertThatThrownBy(() -> PostedConfig.parse("a = \"x\0\""))
        .hasMessageContaining("control character \\u0000");
    assertThatThrownBy(() -> PostedConfig.parse("a\u001bb ="))
        .hasMessage("Cannot parse config: line 1: expected a value, not the end");
    assertThatThrownBy(() -> PostedConfig.parse("a = 1\u001bb\ud800 { }"))
        .hasMessageContaining("'1\\u001bb\\ud800'");
  }

  @ParameterizedTest
  @ValueSource(
      strings = {"%s y", "a = ${%s}", "a = [] %s", "a = \"%s", "${%s", "a = 1.%1$s", "%s = }"})
  void repeats_little_of_what_was_posted(String posted) {
    String text = posted.formatted("1".repeat(1_000_000));

    assertThatThrownBy(() -> PostedConfig.parse(text))
        .isInstanceOf(JobserverException.class)
        .satisfies(e -> assertThat(e.getMessage().length()).isLessThan(400));
  }

  @Test
  void the_library_s_words_come_without_the_place_they_are_about() {
    Config posted =
        PostedConfig.parse("a = {b = [x]}")
            .withFallback(
                ConfigFactory.parseString(
                    "a {c = 1}",
                    ConfigParseOptions.defaults()
                        .setOriginDescription("/etc/jobserver/secret.conf")));

    assertThat(told(posted, "a.b"))
        .isEqualTo("Cannot parse config: a.b has type LIST rather than STRING");
    assertThat(told(posted, "a"))
        .isEqualTo("Cannot parse config: a has type OBJECT rather than STRING");
    assertThat(told(posted, "a." + "b".repeat(100_000))).hasSizeLessThan(600);
    assertThat(told(posted, "\"x\u001b\"")).contains("x\\u001b").doesNotContain("\u001b");
  }

  private static String told(Config config, String path) {
    try {
      return config.getString(path);
    } catch (ConfigException e) {
      return PostedConfig.unreadable(e.getMessage(), e).getMessage();
    }
  }

  @Test
  void numbers_are_those_of_the_library() {
    String json =
        PostedConfig.json(
            PostedConfig.parse(
                "a=1.0, b=1e3, c=007, d=1.50, e=9223372036854775808, f=-0.0, g=1E-400"));

    assertThat(json)
        .isEqualTo(
            "{\"a\":1,\"b\":1000,\"c\":7,\"d\":1.5,\"e\":\"9223372036854775808\",\"f\":0,\"g\":0}");
  }
}
