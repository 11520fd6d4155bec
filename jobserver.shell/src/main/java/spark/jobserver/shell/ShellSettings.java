package spark.jobserver.shell;

import com.typesafe.config.ConfigException;
import com.typesafe.config.ConfigFactory;
import java.time.Duration;
import java.util.Map;

/**
 * What {@link ShellConfig} says, in types that can be reckoned with.
 *
 * @param enabled whether there is a shell
 * @param maxSessions how many sessions there may be at a time
 * @param idleTimeout after how long a session ends in which nothing is asked
 */
record ShellSettings(boolean enabled, int maxSessions, Duration idleTimeout) {
  ShellSettings {
    if (maxSessions < 1) {
      throw new IllegalArgumentException(
          "%s.max-sessions must be at least 1, not %d; enabled = false is for no shell"
              .formatted(ShellConfig.PID, maxSessions));
    }
    if (idleTimeout.isNegative() || idleTimeout.isZero()) {
      throw new IllegalArgumentException(
          ShellConfig.PID + ".idle-timeout must be more than nothing");
    }
  }

  /**
   * Reads a configuration.
   *
   * @throws IllegalArgumentException naming the key whose value cannot be used, and why
   */
  static ShellSettings of(ShellConfig config) {
    return new ShellSettings(
        config.enabled(), config.max$_$sessions(), timeout(config.idle$_$timeout()));
  }

  private static Duration timeout(String text) {
    try {
      return ConfigFactory.parseMap(Map.of("value", text)).getDuration("value");
    } catch (ConfigException e) {
      throw new IllegalArgumentException(
          ShellConfig.PID + ".idle-timeout is wrong: " + e.getMessage(), e);
    }
  }
}
