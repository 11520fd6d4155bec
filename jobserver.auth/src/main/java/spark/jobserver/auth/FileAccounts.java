package spark.jobserver.auth;

import java.time.Duration;
import java.util.Optional;
import java.util.concurrent.Semaphore;
import spark.jobserver.api.auth.Identity;

/**
 * Knows the users of a {@link UserFile}, as it is now, whatever the case of their names: a
 * directory that is asked for others does not tell that apart either.
 */
final class FileAccounts implements Accounts {
  /** Of nobody: looked at in the place of an unknown user's, so that time does not tell of whom. */
  private static final PasswordHash NOBODYS =
      new PasswordHash(PasswordHash.ITERATIONS, "0".repeat(32), "0".repeat(128));

  private final Followed<User> users;

  /** Jobs and others need the processor, too. */
  private final Semaphore processors =
      new Semaphore(Math.max(1, Runtime.getRuntime().availableProcessors() / 2));

  FileAccounts(UserFile file) {
    this.users = new Followed<>(file);
  }

  @Override
  public Verdict verify(String name, String password) {
    // Other letters are the same in another case, too (a dotless i and I), and would be other names
    // to
    // who counts guesses.
    Optional<User> user =
        users.now().read().stream()
            .filter(one -> Holder.isName(name) && one.name().equalsIgnoreCase(name))
            .findFirst();
    boolean right = isOf(user.map(User::password).orElse(NOBODYS), password);
    if (user.isEmpty()) {
      return new Verdict.Unknown();
    }
    return right
        ? new Verdict.Right(
            new Identity(user.get().name(), Way.BASIC.text(), user.get().permissions(), true))
        : new Verdict.Wrong();
  }

  private boolean isOf(PasswordHash hash, String password) {
    processors.acquireUninterruptibly();
    try {
      return hash.isOf(password);
    } finally {
      processors.release();
    }
  }

  /** What is found out here holds until the file changes. */
  @Override
  public Duration validFor() {
    return Duration.ofMinutes(10);
  }

  @Override
  public Object edition() {
    return users.now().version();
  }
}
