package spark.jobserver.shell;

import java.util.regex.Pattern;

/** Text that does nothing but be read: no ends of lines, nothing that a terminal obeys. */
final class Printable {
  /** Controls but for the tabulator, and what turns text around or cannot be seen. */
  private static final Pattern UNSAFE =
      Pattern.compile("[\\p{IsCc}\\p{IsZl}\\p{IsZp}\\p{IsCf}\\p{IsCs}&&[^\\t]]");

  private Printable() {}

  /** A text on one line, with a question mark for each character that would do something. */
  static String of(String text) {
    return UNSAFE.matcher(text).replaceAll("?");
  }
}
