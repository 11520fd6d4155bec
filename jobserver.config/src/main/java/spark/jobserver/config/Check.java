package spark.jobserver.config;

import com.typesafe.config.Config;
import com.typesafe.config.ConfigException;
import com.typesafe.config.ConfigObject;
import com.typesafe.config.ConfigOrigin;
import com.typesafe.config.ConfigUtil;
import com.typesafe.config.ConfigValue;
import com.typesafe.config.ConfigValueType;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.List;
import java.util.Optional;
import java.util.regex.Pattern;

/**
 * Compares what the file says with what the {@code reference.conf} of the bundles know. Values are
 * never told: they may be secret.
 */
final class Check {
  /** The keys that are ours: here, one that nobody knows is a mistake. */
  static final String OURS = "spark.jobserver";

  private static final Pattern AMOUNT = Pattern.compile("\\s*[\\d.]+\\s*[A-Za-z]+\\s*");
  private static final int FAR = 3;

  private final List<Finding> wrong = new ArrayList<>();
  private final List<Finding> unknown = new ArrayList<>();
  private final List<String> known = new ArrayList<>();

  private Check() {}

  /**
   * What was found at a key.
   *
   * @param key the whole key
   * @param message where, which key, and what about it
   */
  record Finding(String key, String message) {
    /** Whether it is about a key at or below another. */
    boolean isIn(String parent) {
      return key.equals(parent) || key.startsWith(parent + ".");
    }
  }

  /** Checks a merge. */
  static Check of(Merge merge) {
    Check check = new Check();
    check.compare("", merge.reference().root(), merge.config().root());
    if (merge.reference().hasPath(OURS)
        && check.wrong.stream().noneMatch(f -> OURS.startsWith(f.key()))) {
      check.search(OURS, merge.reference().getObject(OURS), merge.config().getObject(OURS));
    }
    return check;
  }

  /** Known keys whose values are of another type than they need to be. */
  List<Finding> wrong() {
    return wrong;
  }

  /** Keys of ours that no bundle knows. */
  List<Finding> unknown() {
    return unknown;
  }

  /** Where a value is written: the file, and the line when it is known. */
  static String where(ConfigValue value) {
    ConfigOrigin origin = written(value).origin();
    String file = origin.filename() == null ? origin.description() : origin.filename();
    return origin.filename() == null || origin.lineNumber() < 0
        ? file
        : "%s: %d".formatted(file, origin.lineNumber());
  }

  /** An object that was merged of several has no line of its own: that of its first key. */
  private static ConfigValue written(ConfigValue value) {
    if (value instanceof ConfigObject object && object.origin().lineNumber() < 0) {
      return object.values().stream()
          .min(Comparator.comparingInt(v -> written(v).origin().lineNumber()))
          .map(Check::written)
          .orElse(value);
    }
    return value;
  }

  private void compare(String path, ConfigObject reference, ConfigObject actual) {
    reference.forEach(
        (name, expected) -> {
          String key = join(path, name);
          ConfigValue value = actual.get(name);
          if (value == null || value.equals(expected)) {
            return;
          }
          Optional<String> need = need(key, expected, value);
          if (need.isPresent()) {
            wrong.add(
                new Finding(key, "%s: %s must be %s".formatted(where(value), key, need.get())));
          } else if (expected instanceof ConfigObject inner && value instanceof ConfigObject over) {
            compare(key, inner, over);
          }
        });
  }

  /** What a value needs to be and is not; empty when it is. */
  private static Optional<String> need(String key, ConfigValue expected, ConfigValue value) {
    String need =
        switch (expected.valueType()) {
          case NULL -> "";
          case OBJECT -> isA(value, ConfigValueType.OBJECT) ? "" : "a block: { ... }";
          case LIST -> isA(value, ConfigValueType.LIST) ? "" : "a list: [ ... ]";
          case NUMBER -> isNumber(expected, value) ? "" : "a " + number(expected);
          case BOOLEAN -> reads(value, Config::getBoolean) ? "" : "true or false";
          case STRING -> text(key, expected, value);
        };
    return need.isEmpty() ? Optional.empty() : Optional.of(need);
  }

  private static boolean isA(ConfigValue value, ConfigValueType type) {
    return value.valueType() == type;
  }

  private static boolean isNumber(ConfigValue expected, ConfigValue value) {
    return isWhole(expected)
        ? reads(value, (config, key) -> Long.parseLong(config.getString(key)))
        : reads(value, Config::getDouble);
  }

  private static String number(ConfigValue expected) {
    return isWhole(expected) ? "whole number" : "number";
  }

  private static boolean isWhole(ConfigValue number) {
    return number.unwrapped() instanceof Integer || number.unwrapped() instanceof Long;
  }

  /**
   * A string that is a duration or a size asks for one; what is handed on to Spark is not ours to
   * judge.
   */
  private static String text(String key, ConfigValue expected, ConfigValue value) {
    if (!key.startsWith(OURS) || !AMOUNT.matcher((String) expected.unwrapped()).matches()) {
      return reads(value, Config::getString) ? "" : "a single value";
    }
    boolean duration = reads(expected, Config::getDuration);
    boolean size = reads(expected, Config::getBytes);
    if ((duration && reads(value, Config::getDuration))
        || (size && reads(value, Config::getBytes))
        || (!duration && !size && reads(value, Config::getString))) {
      return "";
    }
    if (duration) {
      return "a duration, such as \"%s\"".formatted(expected.unwrapped());
    }
    return size ? "a size, such as \"%s\"".formatted(expected.unwrapped()) : "a single value";
  }

  private interface Getter {
    Object get(Config config, String key);
  }

  private static boolean reads(ConfigValue value, Getter getter) {
    try {
      getter.get(value.atKey("value"), "value");
      return true;
    } catch (ConfigException | NumberFormatException e) {
      return false;
    }
  }

  private void search(String path, ConfigObject reference, ConfigObject actual) {
    list(path, reference);
    find(path, reference, actual);
  }

  private void list(String path, ConfigObject reference) {
    reference.forEach(
        (name, value) -> {
          known.add(join(path, name));
          if (value instanceof ConfigObject inner) {
            list(join(path, name), inner);
          }
        });
  }

  private void find(String path, ConfigObject reference, ConfigObject actual) {
    actual.forEach(
        (name, value) -> {
          String key = join(path, name);
          ConfigValue expected = reference.get(name);
          if (expected == null) {
            unknown.add(
                new Finding(
                    key,
                    "%s: %s is not known and does nothing%s"
                        .formatted(where(value), key, suggestion(key))));
          } else if (expected instanceof ConfigObject inner
              && !inner.isEmpty()
              && value instanceof ConfigObject over) {
            find(key, inner, over);
          }
        });
  }

  private String suggestion(String key) {
    return known.stream()
        .min(Comparator.comparingInt(other -> distance(key, other)))
        .filter(nearest -> distance(key, nearest) <= FAR)
        .map(nearest -> "; did you mean " + nearest + "?")
        .orElse("");
  }

  /** How many letters have to be put in, left out or changed to make one word of another. */
  static int distance(String a, String b) {
    int[] row = new int[b.length() + 1];
    for (int j = 0; j <= b.length(); j++) {
      row[j] = j;
    }
    for (int i = 1; i <= a.length(); i++) {
      int diagonal = row[0];
      row[0] = i;
      for (int j = 1; j <= b.length(); j++) {
        int changed = diagonal + (a.charAt(i - 1) == b.charAt(j - 1) ? 0 : 1);
        diagonal = row[j];
        row[j] = Math.min(changed, Math.min(row[j], row[j - 1]) + 1);
      }
    }
    return row[b.length()];
  }

  private static String join(String path, String name) {
    String last = ConfigUtil.joinPath(name);
    return path.isEmpty() ? last : path + "." + last;
  }
}
