package spark.jobserver.shell;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import com.typesafe.config.ConfigFactory;
import java.lang.reflect.Method;
import java.lang.reflect.Proxy;
import java.time.Duration;
import java.util.HashMap;
import java.util.Map;
import java.util.stream.Collectors;
import org.junit.jupiter.api.Test;

class ConfigTest {
  private static Map<String, Object> defaults() {
    Map<String, Object> defaults = new HashMap<>();
    for (Method key : ShellConfig.class.getDeclaredMethods()) {
      defaults.put(key.getName().replace("$_$", "-"), key.getDefaultValue());
    }
    return defaults;
  }

  private static ShellConfig with(String key, Object value) {
    Map<String, Object> values = defaults();
    assertThat(values).containsKey(key);
    values.put(key, value);
    return (ShellConfig)
        Proxy.newProxyInstance(
            ShellConfig.class.getClassLoader(),
            new Class<?>[] {ShellConfig.class},
            (proxy, method, arguments) -> values.get(method.getName().replace("$_$", "-")));
  }

  @Test
  void theFileSaysWhatTheDefaultsAre() {
    assertThat(defaults())
        .isEqualTo(
            ConfigFactory.parseResources("reference.conf")
                .getConfig(ShellConfig.PID)
                .entrySet()
                .stream()
                .collect(
                    Collectors.toMap(Map.Entry::getKey, entry -> entry.getValue().unwrapped())));
  }

  @Test
  void readsTimes() {
    assertThat(ShellSettings.of(with("idle-timeout", "90 s")))
        .isEqualTo(new ShellSettings(true, 8, Duration.ofSeconds(90)));
  }

  @Test
  void whatIsWrongIsNamed() {
    assertThatThrownBy(() -> ShellSettings.of(with("idle-timeout", "soon")))
        .hasMessageStartingWith("spark.jobserver.shell.idle-timeout is wrong");
    assertThatThrownBy(() -> ShellSettings.of(with("idle-timeout", "0 s")))
        .hasMessageStartingWith("spark.jobserver.shell.idle-timeout must be more than nothing");
    assertThatThrownBy(() -> ShellSettings.of(with("max-sessions", 0)))
        .hasMessageStartingWith("spark.jobserver.shell.max-sessions must be at least 1, not 0");
  }
}
