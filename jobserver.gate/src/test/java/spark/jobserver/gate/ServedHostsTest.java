package spark.jobserver.gate;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatCode;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.assertj.core.api.Assertions.catchThrowableOfType;

import java.util.List;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

class ServedHostsTest {
  private final ServedHosts hosts =
      new ServedHosts(
          List.of("127.0.0.2", "fe80::1"), List.of("Jobs.Example.com", "bücher.example"));

  @ParameterizedTest
  @ValueSource(
      strings = {
        "localhost",
        "LOCALHOST.",
        "127.0.0.1",
        "[::1]",
        "127.0.0.2",
        "[fe80:0::1]",
        "jobs.example.com",
        "JOBS.example.com.",
        "xn--bcher-kva.example"
      })
  void whatIsServedPasses(String host) {
    assertThatCode(() -> hosts.check(host)).doesNotThrowAnyException();
  }

  @ParameterizedTest
  @ValueSource(
      strings = {
        "evil.example",
        "example.com",
        "jobs.example.com.evil.example",
        "evil.jobs.example.com",
        "localhost.evil.example",
        "evil.localhost",
        "127.0.0.1.evil.example",
        "127.0.0.3",
        "[::2]",
        "bücher2.example",
        "a b",
        ""
      })
  void whatIsNotServedIsRefusedWithTheKeyThatWouldAllowIt(String host) {
    Refusal refusal = catchThrowableOfType(Refusal.class, () -> hosts.check(host));
    assertThat(refusal.status()).isEqualTo(421);
    assertThat(refusal).hasMessageContaining("'" + host + "'");
    assertThat(refusal).hasMessageContaining("spark.jobserver.gate.hosts");
  }

  @Test
  void aRefusalDoesNotGiveBackEverythingItWasSent() {
    Refusal refusal = catchThrowableOfType(Refusal.class, () -> hosts.check("a".repeat(8000)));
    assertThat(refusal.getMessage().length()).isLessThan(300);
  }

  @ParameterizedTest
  @ValueSource(
      strings = {
        "http://jobs.example.com",
        "jobs.example.com:8090",
        "jobs.example.com/",
        "*.example.com",
        "*",
        "a b",
        ""
      })
  void aConfiguredHostThatIsNoneIsToldWithItsKey(String host) {
    assertThatThrownBy(() -> new ServedHosts(List.of(), List.of(host)))
        .isInstanceOf(IllegalArgumentException.class)
        .hasMessageStartingWith("spark.jobserver.gate.hosts has \"" + host + "\"");
  }
}
