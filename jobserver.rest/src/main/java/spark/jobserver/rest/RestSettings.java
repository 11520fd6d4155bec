package spark.jobserver.rest;

import com.typesafe.config.Config;
import com.typesafe.config.ConfigException;
import com.typesafe.config.ConfigFactory;
import java.time.Duration;
import java.util.Map;
import java.util.function.BiFunction;

/**
 * What {@link RestConfig} says, in types that can be reckoned with.
 *
 * @param threads how many requests are worked on at once
 * @param jobTimeout how long {@code POST /jobs} waits that does not say how long
 * @param requestTimeout how long any request waits, uploads and the making of contexts aside
 * @param contextDeletionTimeout how long {@code DELETE /contexts} waits before it says "not yet"
 * @param maxUploadSize the largest upload, in bytes
 * @param maxConfigSize the largest configuration, in bytes
 * @param maxEventStreams how many event streams may be open at once
 * @param changePlugins whether plugins can be installed and removed over HTTP
 */
record RestSettings(
    int threads,
    Duration jobTimeout,
    Duration requestTimeout,
    Duration contextDeletionTimeout,
    long maxUploadSize,
    long maxConfigSize,
    int maxEventStreams,
    boolean changePlugins) {

  /** By how much {@code DELETE /contexts} answers before the time is over. */
  private static final Duration HEAD_START = Duration.ofSeconds(2);

  RestSettings {
    if (threads < 1) {
      throw new IllegalArgumentException(
          RestConfig.PID + ".threads must be at least 1, not " + threads);
    }
    if (maxEventStreams < 0 || maxEventStreams >= threads) {
      throw new IllegalArgumentException(
          RestConfig.PID
              + ".max-event-streams must be less than .threads, for each takes one, not "
              + maxEventStreams);
    }
  }

  /**
   * Reads a configuration.
   *
   * @throws IllegalArgumentException naming the key whose value cannot be used, and why
   */
  static RestSettings of(RestConfig config) {
    Duration deletion =
        duration("context-deletion-timeout", config.context$_$deletion$_$timeout())
            .minus(HEAD_START);
    return new RestSettings(
        config.threads(),
        duration("job-timeout", config.job$_$timeout()),
        duration("request-timeout", config.request$_$timeout()),
        deletion.isNegative() ? Duration.ZERO : deletion,
        size("max-upload-size", config.max$_$upload$_$size()),
        size("max-config-size", config.max$_$config$_$size()),
        config.max$_$event$_$streams(),
        config.change$_$plugins());
  }

  private static Duration duration(String key, String value) {
    return read(key, value, Config::getDuration);
  }

  private static long size(String key, String value) {
    return read(key, value, Config::getBytes);
  }

  private static <T> T read(String key, String value, BiFunction<Config, String, T> getter) {
    try {
      return getter.apply(ConfigFactory.parseMap(Map.of("value", value)), "value");
    } catch (ConfigException e) {
      throw new IllegalArgumentException(
          RestConfig.PID + "." + key + " is wrong: " + e.getMessage(), e);
    }
  }
}
