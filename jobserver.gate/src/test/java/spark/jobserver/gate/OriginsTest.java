package spark.jobserver.gate;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.util.List;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

class OriginsTest {
  @ParameterizedTest
  @CsvSource({
    "https://app.example.com, https://app.example.com",
    "HTTPS://App.Example.com, https://app.example.com",
    "https://app.example.com:443, https://app.example.com",
    "http://app.example.com:80, http://app.example.com",
    "http://localhost:3000, http://localhost:3000",
    "http://[::1]:3000, http://[::1]:3000",
    "https://bücher.example, https://xn--bcher-kva.example",
    "moz-extension://1d6c2c0e, moz-extension://1d6c2c0e"
  })
  void anOriginIsAllowedAsABrowserWritesIt(String configured, String sent) {
    assertThat(new Origins(List.of("https://other.example", configured)).allow(sent)).isTrue();
  }

  @ParameterizedTest
  @ValueSource(
      strings = {
        "http://app.example.com",
        "https://app.example.com:8443",
        "https://app.example.com.evil.example",
        "https://evil.app.example.com",
        "https://evil.example",
        "https://app.example.com@evil.example",
        "https://evil.example/https://app.example.com",
        "null",
        ""
      })
  void anotherOriginIsNot(String sent) {
    assertThat(new Origins(List.of("https://app.example.com")).allow(sent)).isFalse();
  }

  @Test
  void withoutOriginsNoneIsAllowed() {
    Origins none = new Origins(List.of());
    assertThat(none.isEmpty()).isTrue();
    assertThat(none.allow("http://localhost:8090")).isFalse();
    assertThat(none.allow("null")).isFalse();
  }

  @Test
  void anyOriginIsAllOfThem() {
    Origins any = new Origins(List.of("*"));
    assertThat(any.isEmpty()).isFalse();
    assertThat(any.isAny()).isTrue();
    assertThat(any.allow("https://app.example.com")).isTrue();
    assertThat(any.allow("null")).isTrue();
  }

  @ParameterizedTest
  @ValueSource(
      strings = {
        "https://app.example.com/",
        "https://app.example.com/path",
        "https://app.example.com?query",
        "https://app.example.com#part",
        "https://user@app.example.com",
        "https://*.example.com",
        "*.example.com",
        "app.example.com",
        "app.example.com:8080",
        "https://app.example.com:http",
        "https://",
        "https:app.example.com",
        "null",
        "a b",
        ""
      })
  void aConfiguredOriginThatIsNoneIsToldWithItsKey(String origin) {
    assertThatThrownBy(() -> new Origins(List.of("https://app.example.com", origin)))
        .isInstanceOf(IllegalArgumentException.class)
        .hasMessageStartingWith("spark.jobserver.cors.origins has \"" + origin + "\"");
  }

  @Test
  void anyOriginStandsAlone() {
    assertThatThrownBy(() -> new Origins(List.of("https://app.example.com", "*")))
        .isInstanceOf(IllegalArgumentException.class)
        .hasMessageStartingWith("spark.jobserver.cors.origins has \"*\"");
  }
}
