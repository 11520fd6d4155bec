package spark.jobserver.rest;

import jakarta.ws.rs.NotFoundException;
import jakarta.ws.rs.core.Response;

/**
 * What a request says that starts something anew.
 *
 * @param word how; only {@code reboot} is understood
 * @param sync whether the answer waits until that is done
 */
record Reset(String word, boolean sync) {

  /**
   * Reads a query.
   *
   * @throws NotFoundException when it has no parameter {@code reset}: there is no such route then
   */
  static Reset of(Query query) {
    return new Reset(
        query.text("reset").orElseThrow(NotFoundException::new),
        query.text("sync").isEmpty() || query.flag("sync"));
  }

  boolean isUnderstood() {
    return word.equals("reboot");
  }

  /**
   * The answer to a word that is understood.
   *
   * @param what is started anew
   */
  Response done(String what) {
    return Answer.ok(Message.success(what + (sync ? " reset" : " reset requested")));
  }

  /** The answer to another word, as spark-jobserver gives it. */
  static Response unknown() {
    return Answer.of(500, Message.error("ERROR"));
  }
}
