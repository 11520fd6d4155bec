package spark.jobserver.gate;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.catchThrowableOfType;

import java.util.Optional;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

class MethodOverrideTest {
  @ParameterizedTest
  @CsvSource({
    "_method=DELETE, DELETE,",
    "_method=put, PUT,",
    "_method=DeLeTe&a=1, DELETE, a=1",
    "a=%41&_method=PUT&b=2+3, PUT, a=%41&b=2+3",
    "%5Fmethod=%44ELETE, DELETE,",
    "a&_method=DELETE&&b, DELETE, a&&b",
    "_method=PUT&_method=PUT, PUT,",
    "a=%zz&_method=PUT, PUT, a=%zz",
    "%zz=1&_method=PUT, PUT, %zz=1"
  })
  void theMethodIsTakenOutOfTheQuery(String query, String method, String rest) {
    assertThat(MethodOverride.in(query))
        .contains(new MethodOverride(method, Optional.ofNullable(rest)));
  }

  @ParameterizedTest
  @ValueSource(strings = {"", "a=_method", "_Method=DELETE", "x_method=DELETE", "a=1&method=PUT"})
  void anotherQueryHasNone(String query) {
    assertThat(MethodOverride.in(query)).isEmpty();
  }

  @ParameterizedTest
  @ValueSource(
      strings = {
        "_method",
        "_method=",
        "_method=GET",
        "_method=POST",
        "_method=PATCH",
        "_method=DELETE%20",
        "_method=%zz",
        "_method=PUT&_method=DELETE",
        "_method=DELETE&_method=x"
      })
  void anotherMethodIsRefused(String query) {
    Refusal refusal = catchThrowableOfType(Refusal.class, () -> MethodOverride.in(query));
    assertThat(refusal.status()).isEqualTo(400);
    assertThat(refusal)
        .hasMessage("The query parameter '_method' was malformed: it must be DELETE or PUT, once.");
  }
}
