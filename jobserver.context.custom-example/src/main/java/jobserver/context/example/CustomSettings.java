package jobserver.context.example;

import com.typesafe.config.Config;
import com.typesafe.config.ConfigException;
import com.typesafe.config.ConfigFactory;

/**
 * The settings of a {@link CustomContext}: what callers post below {@code custom}.
 *
 * @param greeting {@code custom.greeting}: what {@link CustomContext#customMethod} begins with
 * @param mostWords {@code custom.most-words}: how many different words the context keeps
 */
record CustomSettings(String greeting, int mostWords) {
  private static final Config DEFAULTS =
      ConfigFactory.parseString("custom { greeting = hello, most-words = 1000 }");

  CustomSettings {
    if (mostWords < 1) {
      throw new IllegalArgumentException(
          "custom.most-words must be a number from 1 on, not " + mostWords);
    }
  }

  /** The settings, with the defaults for those that are not there. */
  static Config complete(Config settings) {
    return settings.withFallback(DEFAULTS);
  }

  /**
   * Reads complete settings.
   *
   * @throws IllegalArgumentException when one is wrong; says which, and what would be right
   */
  static CustomSettings of(Config settings) {
    try {
      return new CustomSettings(
          settings.getString("custom.greeting"), settings.getInt("custom.most-words"));
    } catch (ConfigException.WrongType e) {
      throw new IllegalArgumentException(
          "custom.greeting must be a text and custom.most-words a number: " + e.getMessage(), e);
    }
  }
}
