package spark.jobserver.api;

import static java.util.Objects.requireNonNull;

import java.io.PrintWriter;
import java.io.StringWriter;

/**
 * Why a job or a context failed, as its report tells it. Of very long texts the middle is left out.
 *
 * @param message the error's own text; may be empty
 * @param errorClass the qualified name of the error's class, Python's or Java's; may be empty
 * @param stack the stack trace with its line breaks; may be empty
 */
public record Failure(String message, String errorClass, String stack) {
  private static final int LONGEST_MESSAGE = 32 * 1024;
  private static final int LONGEST_CLASS = 1024;
  private static final int LONGEST_STACK = 256 * 1024;
  private static final int ROOM_FOR_WORDS = 100;

  public Failure {
    message = shortened(requireNonNull(message, "message"), LONGEST_MESSAGE);
    errorClass = shortened(requireNonNull(errorClass, "errorClass"), LONGEST_CLASS);
    stack = shortened(requireNonNull(stack, "stack"), LONGEST_STACK);
  }

  /** Of a text that is too long to be kept for each job on record, the beginning and the end. */
  private static String shortened(String text, int most) {
    if (text.length() <= most) {
      return text;
    }
    int half = (most - ROOM_FOR_WORDS) / 2; // what is shortened once is not again
    return text.substring(0, half)
        + "\n[%d characters are left out here]\n".formatted(text.length() - 2 * half)
        + text.substring(text.length() - half);
  }

  /** A failure that is explained by its words alone. */
  public static Failure of(String message) {
    return new Failure(message, "", "");
  }

  /** The failure that a Java error stands for. */
  public static Failure of(Throwable error) {
    StringWriter stack = new StringWriter();
    error.printStackTrace(new PrintWriter(stack, true));
    String message = error.getMessage() == null ? error.toString() : error.getMessage();
    return new Failure(message, error.getClass().getName(), stack.toString());
  }
}
