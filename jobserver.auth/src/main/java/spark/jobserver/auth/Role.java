package spark.jobserver.auth;

import java.util.Arrays;
import java.util.Locale;
import java.util.Optional;
import java.util.Set;
import java.util.stream.Collectors;

/** What many callers have in common that they may do. */
enum Role {
  ADMIN,
  USER,
  READER;

  Set<String> permissions() {
    return switch (this) {
      case ADMIN -> Set.of("*");
      case USER -> Set.of("binaries:*", "contexts:*", "jobs:*", "data:*", "factories:read");
      case READER ->
          Set.of(
              "binaries:read",
              "contexts:read",
              "jobs:read",
              "data:read",
              "metrics:read",
              "factories:read");
    };
  }

  String text() {
    return name().toLowerCase(Locale.ROOT);
  }

  /** The role of a name; empty when there is none. */
  static Optional<Role> named(String text) {
    return Arrays.stream(values()).filter(role -> role.text().equals(text)).findFirst();
  }

  /** All names, for people. */
  static String all() {
    return Arrays.stream(values()).map(Role::text).collect(Collectors.joining(", "));
  }
}
