package spark.jobserver.core.config;

import java.time.Duration;

/**
 * What {@link DriverConfig} says, in types that can be reckoned with.
 *
 * @param abandonedAfter without a server for this long, an idle driver ends itself
 * @param heartbeat the time between two signs of life of a driver
 * @param stopTimeout how long a driver may take to end before it is killed
 * @param spares how many drivers wait for contexts to come
 * @param linkAddress the address that drivers dial
 * @param linkPort the port that drivers dial; 0 for any that is free
 */
public record DriverSettings(
    Duration abandonedAfter,
    Duration heartbeat,
    Duration stopTimeout,
    int spares,
    String linkAddress,
    int linkPort) {

  /**
   * Reads a configuration.
   *
   * @throws IllegalArgumentException naming the key whose value cannot be used
   */
  public static DriverSettings of(DriverConfig config) {
    return new DriverSettings(
        duration("abandoned-after", config.abandoned$_$after()),
        duration("heartbeat", config.heartbeat()),
        duration("stop-timeout", config.stop$_$timeout()),
        spares(config.spares()),
        config.link$_$address(),
        config.link$_$port());
  }

  private static int spares(int value) {
    if (value < 0) {
      throw new IllegalArgumentException(
          "%s.spares is %d, but cannot be negative".formatted(DriverConfig.PID, value));
    }
    return value;
  }

  private static Duration duration(String key, String value) {
    return Durations.read(DriverConfig.PID + "." + key, value);
  }
}
