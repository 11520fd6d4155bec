package spark.jobserver.gate;

import static org.assertj.core.api.Assertions.assertThatCode;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.NullSource;
import org.junit.jupiter.params.provider.ValueSource;

class ContentTypeTest {
  @ParameterizedTest
  @ValueSource(
      strings = {
        "*/*;q=x",
        "text/plain;q=2",
        "text/plain; charset=utf-8 ; Q = -1",
        "text/plain;q=0.5555",
        "text/plain;q=1.1",
        "text/plain;q=",
        "text/plain;q=0.5x;a=b"
      })
  void aQualityThatIsNoneIsRefused(String header) {
    assertThatThrownBy(() -> ContentType.check(header))
        .isInstanceOf(Refusal.class)
        .hasMessageContaining("q is no quality, from 0 to 1");
  }

  @ParameterizedTest
  @NullSource
  @ValueSource(
      strings = {
        "",
        "text/plain",
        "text/plain; charset=utf-8",
        "text/plain;q=0",
        "text/plain; q=0.55; charset=utf-8",
        "text/plain;q=1.000",
        "application/x-python-wheel;qs=x"
      })
  void theRestPasses(String header) {
    assertThatCode(() -> ContentType.check(header)).doesNotThrowAnyException();
  }
}
