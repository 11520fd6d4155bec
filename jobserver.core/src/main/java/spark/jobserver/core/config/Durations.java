package spark.jobserver.core.config;

import com.typesafe.config.ConfigException;
import com.typesafe.config.ConfigFactory;
import java.time.Duration;
import java.util.Map;

/** Durations of the configuration. */
public final class Durations {
  private Durations() {}

  /**
   * Reads a duration as HOCON writes it.
   *
   * @param key where it stands, for the error's message
   * @throws IllegalArgumentException naming the key, when it is no duration
   */
  public static Duration read(String key, String value) {
    try {
      return ConfigFactory.parseMap(Map.of("value", value)).getDuration("value");
    } catch (ConfigException e) {
      throw new IllegalArgumentException(
          key + " must be a duration such as \"30 s\", not \"" + value + "\"", e);
    }
  }
}
