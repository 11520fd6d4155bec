package spark.jobserver.rest;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

class RequestTest {
  @ParameterizedTest
  @CsvSource({
    "plain, plain",
    "a%2Fb, a/b",
    "a+b, a+b",
    "%E2%82%AC, €",
    "%F0%9F%90%8D, 🐍",
    "%25, %"
  })
  void aSegmentIsDecodedOnce(String segment, String name) {
    assertThat(Request.decoded(segment)).isEqualTo(name);
  }

  @ParameterizedTest
  @ValueSource(strings = {"%", "%z", "%zz", "%FF", "%C3", "%C3%28", "%ED%A0%80"})
  void aSegmentThatIsNotEncodedUtf8IsRefused(String segment) {
    assertThatThrownBy(() -> Request.decoded(segment))
        .isInstanceOf(Rejection.class)
        .hasMessageContaining(segment);
  }
}
