package spark.jobserver.callback;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import com.typesafe.config.Config;
import com.typesafe.config.ConfigFactory;
import java.lang.reflect.InvocationHandler;
import java.lang.reflect.Method;
import java.lang.reflect.Proxy;
import java.time.Duration;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;
import java.util.stream.Collectors;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

class CallbackSettingsTest {
  /** The configuration that has these keys, and defaults for the rest. */
  private static CallbackConfig config(Map<String, Object> values) {
    InvocationHandler handler =
        (proxy, method, arguments) ->
            values.getOrDefault(method.getName(), method.getDefaultValue());
    return (CallbackConfig)
        Proxy.newProxyInstance(
            CallbackConfig.class.getClassLoader(), new Class<?>[] {CallbackConfig.class}, handler);
  }

  @Test
  void byDefaultNobodyIsCalled() {
    assertThat(CallbackSettings.of(config(Map.of())))
        .isEqualTo(new CallbackSettings(AllowedHosts.of(List.of()), 5, Duration.ofSeconds(10)));
  }

  @Test
  void theFileSaysWhatTheDefaultsAre() {
    Config file = ConfigFactory.parseResources("reference.conf").getConfig(CallbackConfig.PID);
    Map<String, Object> defaults = new TreeMap<>();
    for (Method method : CallbackConfig.class.getDeclaredMethods()) {
      Object value = method.getDefaultValue();
      defaults.put(method.getName(), value instanceof String[] list ? List.of(list) : value);
    }
    assertThat(
            file.entrySet().stream()
                .collect(
                    Collectors.toMap(Map.Entry::getKey, entry -> entry.getValue().unwrapped())))
        .isEqualTo(defaults);
  }

  @Test
  void eachKeyCounts() {
    assertThat(
            CallbackSettings.of(
                config(
                    Map.of(
                        "hosts", new String[] {"example.com"}, "attempts", 1, "pause", "200 ms"))))
        .isEqualTo(
            new CallbackSettings(
                AllowedHosts.of(List.of("example.com")), 1, Duration.ofMillis(200)));
  }

  @ParameterizedTest
  @CsvSource({"pause, soon", "pause, ''", "pause, -1 s"})
  void aValueThatCannotBeUsedIsToldWithItsKey(String key, String value) {
    assertThatThrownBy(() -> CallbackSettings.of(config(Map.of(key, value))))
        .isInstanceOf(IllegalArgumentException.class)
        .hasMessageContaining("spark.jobserver.callback." + key);
  }

  @Test
  void thereIsAtLeastOneAttempt() {
    assertThatThrownBy(() -> CallbackSettings.of(config(Map.of("attempts", 0))))
        .isInstanceOf(IllegalArgumentException.class)
        .hasMessage("spark.jobserver.callback.attempts must be at least 1, not 0");
  }
}
