package spark.jobserver.rest;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.util.Map;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

class QueryTest {
  private static Query query(String value) {
    return new Query(Map.of("p", value));
  }

  @ParameterizedTest
  @ValueSource(strings = {"true", "yes", "on", "1", "TRUE", "Yes", "oN"})
  void trueHasManySpellings(String value) {
    assertThat(query(value).flag("p")).isTrue();
  }

  @ParameterizedTest
  @ValueSource(strings = {"false", "no", "off", "0", "False", "OFF"})
  void falseHasManySpellings(String value) {
    assertThat(query(value).flag("p")).isFalse();
  }

  @ParameterizedTest
  @ValueSource(strings = {"", "2", "maybe", " true"})
  void anythingElseIsNoBoolean(String value) {
    assertThatThrownBy(() -> query(value).flag("p"))
        .isInstanceOf(Rejection.class)
        .hasMessageStartingWith("The query parameter 'p' was malformed: '" + value + "' is not");
  }

  @Test
  void whatIsNotGivenIsFalseAndNoNumber() {
    Query none = new Query(Map.of());
    assertThat(none.flag("p")).isFalse();
    assertThat(none.wholeNumber("p")).isEmpty();
    assertThat(none.text("p")).isEmpty();
  }

  @Test
  void wholeNumbersGoFromZeroToTheLargest() {
    assertThat(query("0").wholeNumber("p")).contains(0);
    assertThat(query("2147483647").wholeNumber("p")).contains(Integer.MAX_VALUE);
  }

  @ParameterizedTest
  @ValueSource(strings = {"", "x", "-1", "1.5", "2147483648", "1 "})
  void anythingElseIsNoWholeNumber(String value) {
    assertThatThrownBy(() -> query(value).wholeNumber("p")).isInstanceOf(Rejection.class);
  }
}
