package spark.jobserver.auth;

import java.io.IOException;
import java.nio.file.Path;
import java.util.Optional;

/**
 * The users of a data folder, in {@code auth/users}: a line for each. {@link UserCommand} changes
 * them.
 */
final class UserFile implements Followed.Source<User> {
  private final PrivateFile file;

  UserFile(Path data) {
    this.file = new PrivateFile(data, "users");
  }

  @Override
  public Optional<PrivateFile.Version> version() {
    return file.version();
  }

  @Override
  public PrivateFile.Content<User> read() throws IOException {
    return file.read(User::of);
  }

  /**
   * Adds a user.
   *
   * @throws IllegalArgumentException when there is one of this name, in whatever case
   */
  void add(User user) throws IOException {
    file.changing(
        () -> {
          if (file.exists()
              && read().read().stream()
                  .anyMatch(other -> other.name().equalsIgnoreCase(user.name()))) {
            throw new IllegalArgumentException(
                "There is a user %s already. Remove that one first, or choose another name."
                    .formatted(user.name()));
          }
          file.add(user.line());
          return true;
        });
  }

  /**
   * Takes a user away.
   *
   * @return whether there was one
   */
  boolean remove(String name) throws IOException {
    return file.changing(() -> file.remove(name));
  }
}
