package spark.jobserver.rest;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import com.typesafe.config.Config;
import com.typesafe.config.ConfigFactory;
import java.lang.reflect.InvocationHandler;
import java.lang.reflect.Method;
import java.lang.reflect.Proxy;
import java.time.Duration;
import java.util.Map;
import java.util.TreeMap;
import java.util.stream.Collectors;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

class RestSettingsTest {
  /** The configuration that has these keys, and defaults for the rest. */
  private static RestConfig config(Map<String, Object> values) {
    InvocationHandler handler =
        (proxy, method, arguments) -> values.getOrDefault(key(method), method.getDefaultValue());
    return (RestConfig)
        Proxy.newProxyInstance(
            RestConfig.class.getClassLoader(), new Class<?>[] {RestConfig.class}, handler);
  }

  /** As Declarative Services translates the names of an annotation's methods. */
  private static String key(Method method) {
    return method.getName().replace("$_$", "-");
  }

  @Test
  void theDefaultsWorkWithoutAFile() {
    assertThat(RestSettings.of(config(Map.of())))
        .isEqualTo(
            new RestSettings(
                500,
                Duration.ofSeconds(10),
                Duration.ofSeconds(40),
                Duration.ofSeconds(13),
                1L << 30,
                16L << 20,
                100,
                false));
  }

  @Test
  void theFileSaysWhatTheDefaultsAre() {
    Config file = ConfigFactory.parseResources("reference.conf").getConfig(RestConfig.PID);
    Map<String, Object> defaults = new TreeMap<>();
    for (Method method : RestConfig.class.getDeclaredMethods()) {
      defaults.put(key(method), method.getDefaultValue());
    }
    assertThat(
            file.entrySet().stream()
                .collect(
                    Collectors.toMap(Map.Entry::getKey, entry -> entry.getValue().unwrapped())))
        .isEqualTo(defaults);
  }

  @ParameterizedTest
  @CsvSource({"request-timeout, soon", "job-timeout, ''", "max-upload-size, 1 big"})
  void aValueThatCannotBeUsedIsToldWithItsKey(String key, String value) {
    assertThatThrownBy(() -> RestSettings.of(config(Map.of(key, value))))
        .isInstanceOf(IllegalArgumentException.class)
        .hasMessageContaining("spark.jobserver.rest." + key);
  }

  @Test
  void thereIsAtLeastOneThread() {
    assertThatThrownBy(() -> RestSettings.of(config(Map.of("threads", 0))))
        .isInstanceOf(IllegalArgumentException.class)
        .hasMessage("spark.jobserver.rest.threads must be at least 1, not 0");
  }

  @Test
  void eventStreamsLeaveThreadsForOtherRequests() {
    assertThatThrownBy(() -> RestSettings.of(config(Map.of("threads", 5, "max-event-streams", 5))))
        .isInstanceOf(IllegalArgumentException.class)
        .hasMessageStartingWith(
            "spark.jobserver.rest.max-event-streams must be less than .threads");
  }

  @Test
  void aVeryShortTimeForTheDeletionOfAContextIsNone() {
    assertThat(
            RestSettings.of(config(Map.of("context-deletion-timeout", "1 s")))
                .contextDeletionTimeout())
        .isZero();
  }
}
