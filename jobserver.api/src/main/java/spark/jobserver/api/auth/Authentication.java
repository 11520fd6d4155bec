package spark.jobserver.api.auth;

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
}
