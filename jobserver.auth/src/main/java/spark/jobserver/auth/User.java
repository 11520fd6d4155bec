package spark.jobserver.auth;

import java.time.Instant;
import java.time.format.DateTimeParseException;
import java.util.Set;
import spark.jobserver.api.auth.Role;

/**
 * Somebody with a password.
 *
 * @param role a {@link Role}, or permissions with commas between them
 */
record User(String name, String role, PasswordHash password, Instant created) {
  private static final int FIELDS = 4;

  /** Checks what others may have written. */
  User {
    Holder.check(name, role);
  }

  /** What the user may do. */
  Set<String> permissions() {
    return Role.permissions(role);
  }

  /** The line that the user is kept as. */
  String line() {
    return String.join(" ", name, role, password.text(), created.toString());
  }

  /**
   * Reads a line.
   *
   * @throws IllegalArgumentException saying what is wrong about it, without what it says
   */
  static User of(String line) {
    String[] fields = line.strip().split("\\s+", -1);
    if (fields.length != FIELDS) {
      throw new IllegalArgumentException("a line is of name, role, password and creation");
    }
    try {
      return new User(
          fields[0], fields[1], PasswordHash.parse(fields[2]), Instant.parse(fields[3]));
    } catch (DateTimeParseException e) {
      throw new IllegalArgumentException("a time is written as 2026-01-31T12:00:00Z", e);
    }
  }
}
