package spark.jobserver.api;

import static org.assertj.core.api.Assertions.assertThat;

import java.time.Instant;
import java.util.Optional;
import org.junit.jupiter.api.Test;

class ContextTest {
  private static Optional<String> proxyUser(String settings) {
    return Context.started("id", "c", "factory", settings, Instant.EPOCH, "", "").proxyUser();
  }

  @Test
  void itsSettingsSayForWhomSparkActs() {
    assertThat(proxyUser("{\"spark\":{\"proxy\":{\"user\":\"ada\"}}}")).contains("ada");
    assertThat(proxyUser("{\"spark\":{\"proxy\":{\"user\":5}}}")).contains("5");
    assertThat(proxyUser("{}")).isEmpty();
  }

  @Test
  void whatIsSpelledOtherwiseSaysNothing() {
    assertThat(proxyUser("{\"spark\":{\"proxy.user\":\"ada\"}}")).isEmpty();
    assertThat(proxyUser("{\"spark.proxy.user\":\"ada\"}")).isEmpty();
    assertThat(proxyUser("{\"spark\":{\"proxy\":{\"user\":null}}}")).isEmpty();
    assertThat(proxyUser("{\"spark\":{\"proxy\":{\"user\":[\"ada\"]}}}")).isEmpty();
    assertThat(proxyUser("no JSON")).isEmpty();
  }
}
