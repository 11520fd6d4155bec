package spark.jobserver.core.binary;

import com.typesafe.config.Config;
import com.typesafe.config.ConfigException;
import com.typesafe.config.ConfigValueType;
import java.util.Arrays;
import java.util.List;
import spark.jobserver.api.server.ErrorCode;
import spark.jobserver.api.server.JobserverException;
import spark.jobserver.core.posted.PostedConfig;

/** Names of binaries as callers write them: a list, or one text with commas. */
public final class BinaryNames {
  /**
   * Names binaries that jobs import from besides their own: in the configuration of a job for that
   * job, in the settings of a context for all its jobs.
   */
  public static final String DEPENDENCIES = "dependent-py-uris";

  /** Each is looked for in the store. */
  private static final int MOST = 100;

  /** The most characters of a name. */
  private static final int LONGEST = 8_000;

  private BinaryNames() {}

  /**
   * The names under a key; none where there is no such key.
   *
   * @throws ConfigException when its value is of another type
   */
  public static List<String> in(Config config, String key) {
    if (!config.hasPath(key)) {
      return List.of();
    }
    return config.getValue(key).valueType() == ConfigValueType.LIST
        ? config.getStringList(key)
        : separated(config.getString(key));
  }

  /** The names in a text with commas. */
  public static List<String> separated(String names) {
    return Arrays.stream(names.split(",", MOST + 2)) // the last is the rest
        .map(String::strip)
        .filter(name -> !name.isEmpty())
        .toList();
  }

  /**
   * Checks that the names can be looked for.
   *
   * @return the names
   * @throws JobserverException {@link ErrorCode#CONFIG} when there are too many or too long ones
   */
  public static List<String> checked(List<String> names) {
    if (names.size() > MOST) {
      throw PostedConfig.refused("it names more than " + MOST + " binaries, which are the most");
    }
    if (names.stream().anyMatch(name -> name.length() > LONGEST)) {
      throw tooLong("the name of a binary");
    }
    return names;
  }

  /**
   * Checks a text that is no binary's name and may be as long as one.
   *
   * @param what what it is
   * @throws JobserverException {@link ErrorCode#CONFIG} when it is too long
   */
  public static void checkLength(String what, String text) {
    if (text.length() > LONGEST) {
      throw tooLong(what);
    }
  }

  private static JobserverException tooLong(String what) {
    return PostedConfig.refused(
        what + " has more than " + LONGEST + " characters, which are the most");
  }
}
