package spark.jobserver.core.posted;

import spark.jobserver.api.server.ErrorCode;
import spark.jobserver.api.server.JobserverException;

/**
 * How large a posted configuration may be, and how its caller is told that it is refused. Every
 * limit is checked before the memory or the time is used that it is about.
 */
final class PostedLimits {
  /**
   * The most levels of objects and lists in each other, parts of a path among them. This and {@link
   * #CHAINED} keep every recursion over a configuration, here and in the library, far from the end
   * of a thread's stack.
   */
  static final int LEVELS = 200;

  /** The most substitutions of which each leads to the next. */
  static final int CHAINED = 100;

  /** The most values, objects and lists among them, and keys, as posted and as resolved. */
  static final int VALUES = 1_000_000;

  /** The most characters as posted, and as JSON: what the link carries, with its own escapes. */
  static final int CHARACTERS = 16 * 1024 * 1024;

  /**
   * How many times as many characters a configuration may have when it is resolved, so that many
   * small ones at once, whose substitutions multiply, need no more memory than large ones.
   */
  private static final int GROWTH = 8;

  /** So many values and characters any may have, resolved. */
  private static final int SMALL_VALUES = 100_000;

  private static final int SMALL_CHARACTERS = 1024 * 1024;

  /**
   * The most steps of resolving: values looked at, entries and characters copied. A configuration
   * whose substitutions do not multiply takes few steps for each of its values.
   */
  static final int STEPS = 10_000_000;

  /** How many characters are copied in one step. */
  static final int CHARACTERS_A_STEP = 4;

  /** The most characters of a number; those that a {@code double} can tell apart have fewer. */
  static final int DIGITS = 1_000;

  /** The most characters of what a caller posted that a message repeats. */
  private static final int QUOTED = 60;

  private PostedLimits() {}

  /** What a caller is told of a configuration that cannot be used. */
  static JobserverException refused(String why) {
    return new JobserverException(ErrorCode.CONFIG, "Cannot parse config: " + why);
  }

  /** As {@link #refused(String)}, with the number of the line that {@code offset} is in. */
  static JobserverException refused(String text, int offset, String why) {
    long line = 1 + text.substring(0, offset).chars().filter(c -> c == '\n').count();
    return refused("line " + line + ": " + why);
  }

  static JobserverException tooDeep(String text, int offset) {
    return refused(
        text, offset, "it is nested too deeply: %d levels are the most".formatted(LEVELS));
  }

  /**
   * Refuses what has too many values when it is resolved.
   *
   * @param posted what it is made of
   */
  static void checkValues(String posted, long values) {
    // Without substitutions each value and key has a character of its own at least.
    int most = Math.min(VALUES, Math.max(SMALL_VALUES, posted.length()));
    if (values > most) {
      throw tooManyValues("resolved, it has", most);
    }
  }

  /**
   * Refuses what has too many characters when it is resolved.
   *
   * @param posted what it is made of
   */
  static void checkCharacters(String posted, long characters) {
    long most = Math.min(CHARACTERS, Math.max(SMALL_CHARACTERS, (long) GROWTH * posted.length()));
    if (characters > most) {
      throw tooManyCharacters("resolved, it has", most);
    }
  }

  static JobserverException tooManyValues(String which) {
    return tooManyValues(which, VALUES);
  }

  private static JobserverException tooManyValues(String which, long most) {
    return refused("%s more than %d values and keys, which are the most".formatted(which, most));
  }

  static JobserverException tooManyCharacters(String which) {
    return tooManyCharacters(which, CHARACTERS);
  }

  private static JobserverException tooManyCharacters(String which, long most) {
    return refused("%s more than %d characters, which are the most".formatted(which, most));
  }

  /** Part of what a caller posted, for a message: short, and without control characters. */
  static String shown(String posted) {
    return shown(posted, QUOTED);
  }

  /** As {@link #shown(String)}, of so many characters at most. */
  static String shown(String posted, int most) {
    String start = posted.length() <= most ? posted : posted.substring(0, most) + "…";
    StringBuilder shown = new StringBuilder();
    start
        .codePoints()
        .forEach(
            c -> {
              if (Character.isISOControl(c) || Character.getType(c) == Character.SURROGATE) {
                shown.append("\\u%04x".formatted(c));
              } else {
                shown.appendCodePoint(c);
              }
            });
    return shown.toString();
  }
}
