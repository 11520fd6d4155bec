package spark.jobserver.callback;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;
import spark.jobserver.api.server.ErrorCode;
import spark.jobserver.api.server.JobserverException;

class CallbackUrlTest {
  @ParameterizedTest
  @CsvSource({
    "http://example.com, example.com, 80, http://example.com/",
    "HTTPS://Example.COM/a?b=c, example.com, 443, https://example.com/a?b=c",
    "http://example.com:80/a, example.com, 80, http://example.com/a",
    "http://example.com:/a, example.com, 80, http://example.com/a",
    "http://example.com:1/a, example.com, 1, http://example.com:1/a",
    "https://example.com:65535/, example.com, 65535, https://example.com:65535/",
    "http://example.com/a#b, example.com, 80, http://example.com/a",
    "http://example.com?a=b, example.com, 80, http://example.com/?a=b",
    "http://example.com//a/../b, example.com, 80, http://example.com//a/../b",
    "http://example.com/a%2Fb%20c, example.com, 80, http://example.com/a%2Fb%20c",
    "http://example.com/ü?ü, example.com, 80, http://example.com/%C3%BC?%C3%BC",
    "http://example.com./, example.com, 80, http://example.com/",
    "http://Bücher.example/, xn--bcher-kva.example, 80, http://xn--bcher-kva.example/",
    "http://bücher。example:81/, xn--bcher-kva.example, 81, http://xn--bcher-kva.example:81/",
    "http://my_host/, my_host, 80, http://my_host/",
    "http://localhost:8090/, localhost, 8090, http://localhost:8090/",
    "http://10.1.2.3/, 10.1.2.3, 80, http://10.1.2.3/",
    "http://１２７.0.0.1/, 127.0.0.1, 80, http://127.0.0.1/",
    "http://[::1]:81/, [0:0:0:0:0:0:0:1], 81, http://[0:0:0:0:0:0:0:1]:81/",
    "http://[::ffff:127.0.0.1]/, 127.0.0.1, 80, http://127.0.0.1/",
  })
  void whatIsCalled(String text, String host, int port, String uri) {
    CallbackUrl url = CallbackUrl.of(text);

    assertThat(url.host().text()).isEqualTo(host);
    assertThat(url.port()).isEqualTo(port);
    assertThat(url.uri()).hasToString(uri);
  }

  @ParameterizedTest
  @ValueSource(
      strings = {
        "",
        "example.com",
        "//example.com/",
        "/path",
        "ftp://example.com/",
        "file:///etc/passwd",
        "httpx://example.com/",
        "http:",
        "http:example.com",
        "http:/path",
        "http://",
        "http:///path",
        "http://:80/",
        "http://./",
        "http://a..b/",
        " http://example.com/",
        "http://example.com/a b",
        "http://example.com\\@other.example/",
        "http://example.com/\r\nHost: other",
        "http://exa%6Dple.com/",
        "http://2130706433/",
        "http://127.1/",
        "http://0x7f.0.0.1/",
        "http://0x7f000001/",
        "http://0177.0.0.1/",
        "http://127.0.0.256/",
        "http://1.2.3.4.5/",
        "http://example.1/",
        "http://[::1/",
        "http://::1/",
        "http://[fe80::1%25lo]/",
        "http://[example.com]/",
      })
  void whatIsNoUrlOfAHostIsRefusedInTheWordsThatClientsKnow(String text) {
    assertRefused(text, "Callback Url has to be 'http'/'https'");
  }

  @ParameterizedTest
  @ValueSource(
      strings = {"http://me@example.com/", "http://me:pass@example.com/", "http://@example.com/"})
  void aUserIsRefused(String text) {
    assertRefused(text, "Callback Url must not hold a user or a password before its host");
  }

  @ParameterizedTest
  @ValueSource(strings = {"0", "65536", "99999999999999999999"})
  void whatIsNoPortIsRefused(String port) {
    assertRefused(
        "http://example.com:" + port, "Callback Url must have a port from 1 to 65535, or none");
  }

  @Test
  void logsDoNotHaveThePath() {
    assertThat(CallbackUrl.of("https://example.com/secret?token=secret").origin())
        .isEqualTo("https://example.com:443");
  }

  private static void assertRefused(String text, String message) {
    assertThatThrownBy(() -> CallbackUrl.of(text))
        .isInstanceOfSatisfying(
            JobserverException.class, e -> assertThat(e.code()).isEqualTo(ErrorCode.CALLBACK))
        .hasMessage(message);
  }
}
