package spark.jobserver.callback;

import com.typesafe.config.ConfigException;
import com.typesafe.config.ConfigFactory;
import java.time.Duration;
import java.util.List;
import java.util.Map;

/**
 * What {@link CallbackConfig} says, in types that can be reckoned with.
 *
 * @param hosts whom the server may call back
 * @param attempts how often a call is tried
 * @param pause how long after one try the next is made
 */
record CallbackSettings(AllowedHosts hosts, int attempts, Duration pause) {
  CallbackSettings {
    if (attempts < 1) {
      throw new IllegalArgumentException(
          CallbackConfig.PID + ".attempts must be at least 1, not " + attempts);
    }
    if (pause.isNegative()) {
      throw new IllegalArgumentException(CallbackConfig.PID + ".pause must not be negative");
    }
  }

  /**
   * Reads a configuration.
   *
   * @throws IllegalArgumentException naming the key whose value cannot be used, and why
   */
  static CallbackSettings of(CallbackConfig config) {
    return new CallbackSettings(
        AllowedHosts.of(List.of(config.hosts())), config.attempts(), pause(config.pause()));
  }

  private static Duration pause(String text) {
    try {
      return ConfigFactory.parseMap(Map.of("value", text)).getDuration("value");
    } catch (ConfigException e) {
      throw new IllegalArgumentException(
          CallbackConfig.PID + ".pause is wrong: " + e.getMessage(), e);
    }
  }
}
