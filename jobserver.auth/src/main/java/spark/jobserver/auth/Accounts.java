package spark.jobserver.auth;

import java.time.Duration;
import spark.jobserver.api.auth.Identity;

/** Something that knows names and passwords. Called by several threads at once. */
interface Accounts {
  /** What is said of a name and a password. */
  sealed interface Verdict {
    /** They belong together. */
    record Right(Identity identity) implements Verdict {}

    /** They do not, and nobody else is asked. */
    record Wrong() implements Verdict {}

    /** The name is not known here. */
    record Unknown() implements Verdict {}

    /** It could not be found out, as told to the caller. */
    record Unavailable(String text) implements Verdict {}
  }

  /**
   * Whether it takes time to find out about a name, and so is a guess; not where it could never be
   * one of these.
   */
  default boolean isGuess(String name) {
    return true;
  }

  /** Finds out whether a name and a password, neither of them empty, belong together. */
  Verdict verify(String name, String password);

  /** For how long a verdict may be remembered. */
  Duration validFor();

  /** What is another as soon as an earlier verdict may no longer hold. Quick. */
  Object edition();
}
