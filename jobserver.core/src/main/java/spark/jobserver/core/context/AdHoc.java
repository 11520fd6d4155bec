package spark.jobserver.core.context;

import com.typesafe.config.Config;
import com.typesafe.config.ConfigException;

/** Tells contexts that live for one job from those that were asked for by name. */
final class AdHoc {
  /** The setting that says so; jobs see it too. */
  static final String KEY = "is-adhoc";

  private AdHoc() {}

  /** Whether a setting is there and true. */
  static boolean flag(Config settings, String key) {
    try {
      return settings.hasPath(key) && settings.getBoolean(key);
    } catch (ConfigException.WrongType e) {
      return false; // refused when contexts are made; one that is on record must not be in the way
    }
  }
}
