package spark.jobserver.rest;

import jakarta.ws.rs.NotFoundException;
import jakarta.ws.rs.core.Response;

/** The parameter {@code reset} of the routes that start something anew. */
final class Reset {
  /** The only word that is understood. */
  static final String REBOOT = "reboot";

  private Reset() {}

  /**
   * What the request says.
   *
   * @throws NotFoundException when it says nothing: there is no such route then
   */
  static String word(Query query) {
    return query.text("reset").orElseThrow(NotFoundException::new);
  }

  /** The answer to another word, as spark-jobserver gives it. */
  static Response unknown() {
    return Answer.of(500, Message.error("ERROR"));
  }
}
