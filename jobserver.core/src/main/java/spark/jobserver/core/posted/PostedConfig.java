package spark.jobserver.core.posted;

import com.typesafe.config.Config;
import com.typesafe.config.ConfigException;
import com.typesafe.config.ConfigFactory;
import com.typesafe.config.ConfigUtil;
import com.typesafe.config.ConfigValueFactory;
import java.util.Map;
import spark.jobserver.api.server.ErrorCode;
import spark.jobserver.api.server.JobserverException;

/**
 * HOCON that a caller has posted. It sees nothing but itself: no include, no environment, no system
 * property, nothing of the server's configuration.
 *
 * <p>It is read by a reader of its own, for Typesafe Config takes what it is given: measured with
 * 1.4.10, ten lines of {@code a=${?a}${?a}} keep it busy for 8 seconds, and each more for 3 times
 * as long; 10,000 lines of {@code a.b1=1}, {@code a.b2=1} for 13 seconds, and 8 MB of blank lines
 * need more memory than the server has. The reader understands a text as the library does, with
 * these exceptions: there are no includes; what a key was before is also what an object that it is
 * made of says; and a circle of substitutions is refused, where the library's answer depends on the
 * names of the keys.
 */
public final class PostedConfig {
  /** The origin in the library's messages. */
  private static final String ORIGIN = "posted";

  /** From this many characters on, one is read after the other, for each may need much memory. */
  private static final int LARGE = 256 * 1024;

  private static final Object ONE_AT_A_TIME = new Object();

  /** The longest reason that a caller is told. */
  private static final int LONGEST_REASON = 500;

  private PostedConfig() {}

  /**
   * Parses and resolves what was posted; nothing posted is an empty configuration.
   *
   * @throws JobserverException {@link ErrorCode#CONFIG} saying what is wrong with it
   */
  public static Config parse(String text) {
    if (text.length() > PostedLimits.CHARACTERS) {
      throw PostedLimits.tooManyCharacters("it has");
    }
    if (text.length() < LARGE) {
      return read(text);
    }
    synchronized (ONE_AT_A_TIME) {
      return read(text);
    }
  }

  /**
   * What was posted as parameters, whose names are paths.
   *
   * @throws JobserverException {@link ErrorCode#CONFIG} naming one that is no path, or too long a
   *     one, or that contradicts another
   */
  public static Config of(Map<String, String> parameters) {
    try {
      for (String path : parameters.keySet()) {
        if (ConfigUtil.splitPath(path).size() > PostedLimits.LEVELS) {
          throw PostedLimits.refused(
              "'%s' has more than %d levels, which are the most"
                  .formatted(PostedLimits.shown(path), PostedLimits.LEVELS));
        }
      }
      return ConfigFactory.parseMap(parameters, "query");
    } catch (ConfigException e) {
      throw unreadable(e.getMessage(), e);
    }
  }

  /**
   * A configuration as one JSON object.
   *
   * @throws JobserverException {@link ErrorCode#CONFIG} when it is too large
   */
  public static String json(Config config) {
    return JsonText.of(config.root());
  }

  /**
   * What a caller is told of a configuration that cannot be used.
   *
   * @param why the library's words
   * @param cause where they are from
   */
  public static JobserverException unreadable(String why, Throwable cause) {
    String reason = why;
    if (cause instanceof ConfigException error && error.origin() != null) {
      String origin = error.origin().description() + ": ";
      reason = why.startsWith(origin) ? why.substring(origin.length()) : why;
    }
    return new JobserverException(
        ErrorCode.CONFIG,
        "Cannot parse config: " + PostedLimits.shown(reason, LONGEST_REASON),
        cause);
  }

  /**
   * What a caller is told of a configuration that is refused.
   *
   * @param why what is wrong with it
   */
  public static JobserverException refused(String why) {
    return PostedLimits.refused(why);
  }

  /** Part of what a caller has posted, for a message: short, and without control characters. */
  public static String shown(String posted) {
    return PostedLimits.shown(posted);
  }

  private static Config read(String text) {
    try {
      HoconValue.Members resolved = HoconResolver.resolve(text, HoconParser.parse(text));
      return ConfigValueFactory.fromMap(new PlainMap(resolved), ORIGIN).toConfig();
    } catch (StackOverflowError e) {
      // The limits leave room on any usual stack; this one had little left.
      throw PostedLimits.refused("it is nested too deeply");
    }
  }
}
