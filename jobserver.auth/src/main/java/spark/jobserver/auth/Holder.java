package spark.jobserver.auth;

import java.util.regex.Pattern;
import spark.jobserver.api.auth.Role;

/** What the server's own files say of whoever has a credential. */
final class Holder {
  private static final Pattern NAME = Pattern.compile("[A-Za-z0-9][A-Za-z0-9._@-]{0,63}");

  private Holder() {}

  /** Whether somebody in those files can have this name. */
  static boolean isName(String name) {
    return NAME.matcher(name).matches();
  }

  /**
   * Checks what others may have written.
   *
   * @param role a {@link Role}, or permissions with commas between them
   * @throws IllegalArgumentException saying what would be right
   */
  static void check(String name, String role) {
    if (!isName(name)) {
      throw new IllegalArgumentException("a name is of letters, digits and . _ @ -, at most 64");
    }
    Role.permissions(role);
  }
}
