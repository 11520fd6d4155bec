package spark.jobserver.api.auth;

import java.time.Duration;

/** What an {@link Authenticator} says of a request. */
public sealed interface Authentication {
  /** The caller is known; nobody else is asked. */
  record Known(Identity identity) implements Authentication {}

  /** There is nothing in the request for this authenticator; the next one is asked. */
  record Absent() implements Authentication {}

  /**
   * There is a credential, and it is wrong. The request is refused, whatever others would say.
   *
   * @param text what the caller is told: a sentence without anything of the credential
   */
  record Wrong(String text) implements Authentication {}

  /**
   * The credential is not looked at, as there were too many wrong ones. The request is refused with
   * status 429.
   *
   * @param pause how long after this request the next one counts, more than nothing
   */
  record TooMany(Duration pause) implements Authentication {}

  /**
   * There is a credential, and what would know it does not answer. The request is refused with
   * status 503.
   *
   * @param text what the caller is told: a sentence without anything of the credential
   */
  record Unavailable(String text) implements Authentication {}
}
