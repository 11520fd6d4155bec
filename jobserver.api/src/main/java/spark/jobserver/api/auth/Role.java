package spark.jobserver.api.auth;

import java.util.Arrays;
import java.util.Locale;
import java.util.Optional;
import java.util.Set;
import java.util.regex.Pattern;
import java.util.stream.Collectors;

/** What many callers have in common that they may do. */
public enum Role {
  ADMIN,
  USER,
  TENANT,
  READER;

  /** A whole group is one of the server's own; plugins may have permissions of theirs. */
  private static final Pattern PERMISSION =
      Pattern.compile(
          "\\*|binaries|contexts|data|factories|jobs|metrics|plugins|[a-z-]+:(\\*|[a-z-]+)"
              + "|binaries:(upload|delete):own|contexts:(read|delete):own"
              + "|jobs:(read|start|delete):own");

  /** What whoever has it may do, as in {@link Identity#permissions}. */
  public Set<String> permissions() {
    return switch (this) {
      case ADMIN -> Set.of(Identity.EVERYTHING);
      case USER -> Set.of("binaries:*", "contexts:*", "jobs:*", "data:*", "factories:read");
      case TENANT ->
          Set.of(
              "binaries:read",
              "binaries:upload:own",
              "binaries:delete:own",
              "contexts:start",
              "contexts:read:own",
              "contexts:delete:own",
              "jobs:start:own",
              "jobs:read:own",
              "jobs:delete:own",
              "data:upload",
              "factories:read");
      case READER ->
          Set.of(
              "binaries:read",
              "contexts:read",
              "jobs:read",
              "data:read",
              "metrics:read",
              "factories:read",
              "plugins:read");
    };
  }

  /** The name as people write it. */
  public String text() {
    return name().toLowerCase(Locale.ROOT);
  }

  /** The role of a name; empty when there is none. */
  public static Optional<Role> named(String text) {
    return Arrays.stream(values()).filter(role -> role.text().equals(text)).findFirst();
  }

  /**
   * What a text gives: the name of a role, or permissions with commas between them.
   *
   * @throws IllegalArgumentException when it is neither
   */
  public static Set<String> permissions(String text) {
    Optional<Role> role = named(text);
    if (role.isPresent()) {
      return role.get().permissions();
    }
    Set<String> permissions = Arrays.stream(text.split(",", -1)).collect(Collectors.toSet());
    if (!permissions.stream().allMatch(one -> PERMISSION.matcher(one).matches())) {
      throw new IllegalArgumentException(
          "a role is "
              + Arrays.stream(values()).map(Role::text).collect(Collectors.joining(", "))
              + ", or permissions with commas between them, such as jobs:read,jobs:start");
    }
    return permissions;
  }
}
