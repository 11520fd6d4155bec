package spark.jobserver.api.auth;

import java.util.Set;

/**
 * Who makes a request.
 *
 * @param name what the caller is called
 * @param way the way in which it was found out, such as {@code local} or {@code token}
 * @param permissions what the caller may do, such as {@code jobs:read}; {@code jobs} and {@code
 *     jobs:*} are all that begin with {@code jobs:}, and {@code *} is everything; {@code
 *     jobs:read:own} is {@code jobs:read} for what the caller has made
 * @param ambient whether browsers send the credential without their user's knowledge, as they do
 *     from any page for whatever hangs on the connection, a cookie or a stored password: then the
 *     gate looks at which page made the request
 */
public record Identity(String name, String way, Set<String> permissions, boolean ambient) {
  /** What a permission ends with that is for what the caller has made only. */
  public static final String OWN = ":own";

  /** All permissions. */
  public static final String EVERYTHING = "*";

  /**
   * Checks and copies.
   *
   * @throws IllegalArgumentException without a name or a way
   */
  public Identity {
    if (name.isBlank() || way.isBlank()) {
      throw new IllegalArgumentException("an identity has a name and a way");
    }
    permissions = Set.copyOf(permissions);
  }

  /**
   * Whether the caller may do something.
   *
   * @param permission such as {@code jobs:read}
   */
  public boolean may(String permission) {
    String group = permission.substring(0, Math.max(0, permission.indexOf(':')));
    return permissions.contains(EVERYTHING)
        || permissions.contains(permission)
        || permissions.contains(group)
        || permissions.contains(group + ":" + EVERYTHING);
  }
}
