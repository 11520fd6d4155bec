package spark.jobserver.gate;

import static org.assertj.core.api.Assertions.assertThat;

import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

class HostNameTest {
  @ParameterizedTest
  @CsvSource({
    "jobs.example.com, jobs.example.com",
    "JOBS.Example.COM, jobs.example.com",
    "jobs.example.com., jobs.example.com",
    "bücher.example, xn--bcher-kva.example",
    "BÜCHER.example., xn--bcher-kva.example",
    "xn--bcher-kva.example, xn--bcher-kva.example",
    "job_server, job_server",
    "127.0.0.1, 127.0.0.1",
    "[::1], 0:0:0:0:0:0:0:1",
    "::1, 0:0:0:0:0:0:0:1",
    "[0:0::0:1], 0:0:0:0:0:0:0:1",
    "[::ffff:127.0.0.1], 127.0.0.1"
  })
  void aNameHasOneSpelling(String text, String spelling) {
    assertThat(HostName.of(text)).contains(new HostName(spelling));
  }

  @ParameterizedTest
  @ValueSource(
      strings = {
        "",
        ".",
        "a..b",
        "a b",
        "a/b",
        "*.example.com",
        "a@b",
        "a:80",
        "[localhost]",
        "[::1",
        "[]",
        "[::g]",
        "a\u0000b"
      })
  void whatIsNoNameIsNone(String text) {
    assertThat(HostName.of(text)).isEmpty();
  }

  @Test
  void aNameIsNoLongerThanDnsHasThem() {
    String label = "a".repeat(49) + ".";
    assertThat(HostName.of(label.repeat(5))).isPresent();
    assertThat(HostName.of(label.repeat(6))).isEmpty();
  }
}
