package spark.jobserver.core.posted;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import com.typesafe.config.ConfigObject;
import com.typesafe.config.ConfigValueFactory;
import java.util.Arrays;
import java.util.List;
import java.util.Map;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;
import spark.jobserver.api.server.JobserverException;

class JsonTextTest {
  private static ConfigObject object(Map<String, ?> values) {
    return ConfigValueFactory.fromMap(values);
  }

  @Test
  void writes_every_kind_of_value() {
    assertThat(
            JsonText.of(
                object(
                    Map.of(
                        "a", Arrays.asList(1, 1L << 40, -0.5, 1e300, true, null, "x"),
                        "b", Map.of(),
                        "c", List.of()))))
        .isEqualTo("{\"a\":[1,1099511627776,-0.5,1.0E300,true,null,\"x\"],\"b\":{},\"c\":[]}");
  }

  @Test
  void puts_numbers_before_other_keys_and_in_the_order_of_their_size() {
    String huge = "9".repeat(100_000);

    assertThat(
            JsonText.of(
                object(Map.of("b", 1, "10", 2, "9", 3, "a", 4, "009", 5, "-1", 6, huge, 7, "", 8))))
        .isEqualTo(
            ("{'009':5,'9':3,'10':2,'" + huge + "':7,'':8,'-1':6,'a':4,'b':1}").replace('\'', '"'));
  }

  @ParameterizedTest
  @ValueSource(
      strings = {
        "",
        "x",
        "\"\\/",
        "\n\r\t\b\f",
        "\0\u001f\u007f\u0085\u2028",
        "é\uD83D\uDE00",
        "\uD83D",
        "x\uDE00\uD83Dy",
        "\uD83D\uD83D\uDE00"
      })
  void knows_the_length_of_a_text(String text) {
    String json = JsonText.of(object(Map.of("k", text)));

    assertThat(JsonText.length(text)).isEqualTo(json.length() - "{\"k\":}".length());
  }

  @Test
  void escapes_what_json_and_utf8_cannot_hold() {
    assertThat(JsonText.of(object(Map.of("\0", "\"\\\n\u001f\uD83D\uDE00\uD83Dx\uDE00"))))
        .isEqualTo("{\"\\u0000\":\"\\\"\\\\\\n\\u001f\uD83D\uDE00\\ud83dx\\ude00\"}");
  }

  @Test
  void refuses_a_number_that_json_has_not() {
    ConfigObject infinite = object(Map.of("a", Double.POSITIVE_INFINITY));

    assertThatThrownBy(() -> JsonText.of(infinite))
        .isInstanceOf(JobserverException.class)
        .hasMessage("Cannot parse config: Infinity is no number that JSON has");
  }
}
