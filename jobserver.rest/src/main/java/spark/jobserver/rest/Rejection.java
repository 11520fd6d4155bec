package spark.jobserver.rest;

import java.util.Optional;
import java.util.stream.Stream;

/**
 * A request that is refused before its meaning is looked at: a parameter that is no number, a body
 * that is too large. Told in plain text, as a framework would.
 */
final class Rejection extends RuntimeException {
  private static final long serialVersionUID = 1;

  /** Chains of causes may be circles. */
  private static final int MAX_CAUSES = 10;

  private final int status;

  /**
   * A refusal.
   *
   * @param status the HTTP status
   * @param text what was wrong and what would be right, for the caller
   */
  Rejection(int status, String text) {
    super(text);
    this.status = status;
  }

  /** The refusal behind an error: that of a body which the core was reading arrives wrapped. */
  static Optional<Rejection> in(Throwable error) {
    return Stream.iterate(error, cause -> cause != null, Throwable::getCause)
        .limit(MAX_CAUSES)
        .filter(Rejection.class::isInstance)
        .map(Rejection.class::cast)
        .findFirst();
  }

  int status() {
    return status;
  }
}
