package spark.jobserver.core.posted;

import com.typesafe.config.ConfigList;
import com.typesafe.config.ConfigObject;
import com.typesafe.config.ConfigValue;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.List;
import spark.jobserver.api.server.JobserverException;

/**
 * Writes a configuration as JSON, the keys in order: numbers first, by their size. Half of a
 * surrogate pair is written as an escape, for no encoding has it.
 */
final class JsonText {
  /** Texts of digits, by the number that they are. */
  private static final Comparator<String> BY_SIZE =
      Comparator.comparing(JsonText::significant, Comparator.comparingInt(String::length))
          .thenComparing(JsonText::significant)
          .thenComparing(Comparator.naturalOrder());

  private final StringBuilder json = new StringBuilder();

  private JsonText() {}

  /**
   * The JSON of an object.
   *
   * @throws JobserverException when it is too long, or holds a number that JSON has not
   */
  static String of(ConfigObject object) {
    JsonText text = new JsonText();
    text.value(object);
    return text.json.toString();
  }

  /** The number of characters that a text has as JSON, with its quotes. */
  static int length(String text) {
    int length = text.length() + 2;
    for (int i = 0; i < text.length(); i++) {
      char c = text.charAt(i);
      if (isEscaped(c, text, i)) {
        length += shortEscape(c) != 0 ? 1 : 5;
      }
    }
    return length;
  }

  private void value(ConfigValue value) {
    if (value instanceof ConfigObject object) {
      object(object);
    } else if (value instanceof ConfigList list) {
      list(list);
    } else if (value.unwrapped() instanceof String text) {
      string(text);
    } else {
      Object scalar = value.unwrapped();
      if (scalar instanceof Double number && !Double.isFinite(number)) {
        throw PostedLimits.refused(number + " is no number that JSON has");
      }
      json.append(scalar);
    }
    if (json.length() > PostedLimits.CHARACTERS) {
      throw PostedLimits.tooManyCharacters("as JSON, it has");
    }
  }

  private void object(ConfigObject object) {
    List<String> numbers = new ArrayList<>();
    List<String> texts = new ArrayList<>(object.size());
    object.keySet().forEach(key -> (isNumber(key) ? numbers : texts).add(key));
    numbers.sort(BY_SIZE);
    texts.sort(Comparator.naturalOrder());
    json.append('{');
    String separator = "";
    for (List<String> keys : List.of(numbers, texts)) {
      for (String key : keys) {
        json.append(separator);
        string(key);
        json.append(':');
        value(object.get(key));
        separator = ",";
      }
    }
    json.append('}');
  }

  private void list(ConfigList list) {
    json.append('[');
    String separator = "";
    for (ConfigValue value : list) {
      json.append(separator);
      value(value);
      separator = ",";
    }
    json.append(']');
  }

  private void string(String text) {
    json.append('"');
    int from = 0;
    for (int i = 0; i < text.length(); i++) {
      char c = text.charAt(i);
      if (isEscaped(c, text, i)) {
        json.append(text, from, i).append('\\');
        if (shortEscape(c) != 0) {
          json.append(shortEscape(c));
        } else {
          json.append("u%04x".formatted((int) c));
        }
        from = i + 1;
      }
    }
    json.append(text, from, text.length()).append('"');
  }

  private static boolean isEscaped(char c, String text, int at) {
    if (c < Character.MIN_SURROGATE) {
      return c < ' ' || c == '"' || c == '\\';
    }
    if (Character.isHighSurrogate(c)) {
      return at + 1 == text.length() || !Character.isLowSurrogate(text.charAt(at + 1));
    }
    return Character.isLowSurrogate(c)
        && (at == 0 || !Character.isHighSurrogate(text.charAt(at - 1)));
  }

  /** What follows the backslash, or 0 when it is the number of the character. */
  private static char shortEscape(char c) {
    return switch (c) {
      case '"', '\\' -> c;
      case '\n' -> 'n';
      case '\r' -> 'r';
      case '\t' -> 't';
      case '\b' -> 'b';
      case '\f' -> 'f';
      default -> 0;
    };
  }

  /** Whether a key is a number that is no less than 0. */
  static boolean isNumber(String key) {
    int digits = 0;
    while (digits < key.length() && key.charAt(digits) >= '0' && key.charAt(digits) <= '9') {
      digits++;
    }
    return digits > 0 && digits == key.length();
  }

  /** A number without the zeros that it starts with. */
  private static String significant(String number) {
    int zeros = 0;
    while (zeros < number.length() - 1 && number.charAt(zeros) == '0') {
      zeros++;
    }
    return number.substring(zeros);
  }
}
