package spark.jobserver.gate;

import static org.assertj.core.api.Assertions.assertThat;

import com.typesafe.config.Config;
import com.typesafe.config.ConfigFactory;
import java.lang.reflect.Method;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;
import java.util.stream.Collectors;
import org.junit.jupiter.api.Test;

class ConfigTest {
  @Test
  void theFileSaysWhatTheDefaultsAre() {
    assertThat(defaults(GateConfig.class)).isEqualTo(file(GateConfig.PID));
    assertThat(defaults(CorsConfig.class)).isEqualTo(file(CorsConfig.PID));
  }

  private static Map<String, Object> defaults(Class<?> type) {
    Map<String, Object> defaults = new TreeMap<>();
    for (Method key : type.getDeclaredMethods()) {
      Object value = key.getDefaultValue();
      defaults.put(
          key.getName().replace("$_$", "-"),
          value instanceof String[] several ? List.of(several) : value);
    }
    return defaults;
  }

  private static Map<String, Object> file(String block) {
    Config file = ConfigFactory.parseResources("reference.conf").getConfig(block);
    return file.entrySet().stream()
        .collect(Collectors.toMap(Map.Entry::getKey, entry -> entry.getValue().unwrapped()));
  }
}
