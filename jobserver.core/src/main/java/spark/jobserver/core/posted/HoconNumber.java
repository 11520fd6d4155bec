package spark.jobserver.core.posted;

import java.util.Optional;

/** What Typesafe Config takes for a number. */
final class HoconNumber {
  /** The digits of the largest {@code long}, and a sign. */
  private static final int LONGEST_INTEGER = 20;

  private HoconNumber() {}

  /**
   * The number that a text of digits, signs, points and {@code e} is: an Integer or a Long, also
   * for {@code 1.0} and {@code 1e3}, or a Double, which may be infinite. An integer beyond 64 bits
   * is none, but text.
   */
  static Optional<Number> read(String text) {
    try {
      if (text.indexOf('.') < 0 && text.indexOf('e') < 0 && text.indexOf('E') < 0) {
        return text.length() > LONGEST_INTEGER
            ? Optional.empty()
            : Optional.of(narrow(Long.parseLong(text)));
      }
      if (text.length() > PostedLimits.DIGITS) {
        throw PostedLimits.refused(
            "a number with %d characters, '%s'; one with more than %d must be in quotes, as text"
                .formatted(text.length(), PostedLimits.shown(text), PostedLimits.DIGITS));
      }
      double number = Double.parseDouble(text);
      long integer = (long) number;
      return Optional.of(integer == number ? narrow(integer) : (Number) number);
    } catch (NumberFormatException e) {
      return Optional.empty();
    }
  }

  private static Number narrow(long number) {
    return (int) number == number ? (Number) (int) number : (Number) number;
  }
}
