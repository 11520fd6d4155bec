package spark.jobserver.rest;

import java.util.Optional;
import java.util.function.UnaryOperator;
import spark.jobserver.api.server.JobserverException;

/**
 * Something that nobody expected, on a route that has words of its own for that: the caller is told
 * these, and the log has the rest.
 */
final class RouteFailure extends RuntimeException {
  private static final long serialVersionUID = 1;

  private final String status;
  private final transient Optional<String> text;

  private RouteFailure(String status, Optional<String> text, Throwable cause) {
    super(cause);
    this.status = status;
    this.text = text;
  }

  /** Tells what nobody expected by a status word and what is known of the error. */
  static UnaryOperator<Throwable> status(String status) {
    return error -> hasAnAnswer(error) ? error : new RouteFailure(status, Optional.empty(), error);
  }

  /** Tells what nobody expected by a fixed text alone. */
  static UnaryOperator<Throwable> text(String text) {
    return error ->
        hasAnAnswer(error) ? error : new RouteFailure("ERROR", Optional.of(text), error);
  }

  private static boolean hasAnAnswer(Throwable error) {
    return error instanceof JobserverException || Rejection.in(error).isPresent();
  }

  /** The word for what failed. */
  String status() {
    return status;
  }

  /** All that the caller is told, where it is fixed. */
  Optional<String> text() {
    return text;
  }
}
