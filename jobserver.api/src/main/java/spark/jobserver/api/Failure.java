package spark.jobserver.api;

import static java.util.Objects.requireNonNull;

import java.io.PrintWriter;
import java.io.StringWriter;

/**
 * Why a job or a context failed, as its report tells it.
 *
 * @param message the error's own text; may be empty
 * @param errorClass the qualified name of the error's class, Python's or Java's; may be empty
 * @param stack the stack trace with its line breaks; may be empty
 */
public record Failure(String message, String errorClass, String stack) {
  public Failure {
    requireNonNull(message, "message");
    requireNonNull(errorClass, "errorClass");
    requireNonNull(stack, "stack");
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
