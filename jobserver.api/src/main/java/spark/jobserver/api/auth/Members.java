package spark.jobserver.api.auth;

import java.util.Collection;
import java.util.EnumMap;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Set;

/**
 * Who has which {@link Role}, where something else knows the callers: by the names of their groups
 * there, or whatever else it says of them.
 */
public final class Members {
  private final Map<Role, Set<String>> names = new EnumMap<>(Role.class);

  /** Those with these names; names are compared as they are written. */
  public Members(
      List<String> admins, List<String> users, List<String> tenants, List<String> readers) {
    names.put(Role.ADMIN, Set.copyOf(admins));
    names.put(Role.USER, Set.copyOf(users));
    names.put(Role.TENANT, Set.copyOf(tenants));
    names.put(Role.READER, Set.copyOf(readers));
  }

  /**
   * What a caller may do: all that the roles of the caller's names give. Nothing where none has a
   * role.
   */
  public Set<String> permissions(Collection<String> caller) {
    Set<String> permissions = new HashSet<>();
    names.forEach(
        (role, members) -> {
          if (caller.stream().anyMatch(members::contains)) {
            permissions.addAll(role.permissions());
          }
        });
    return permissions;
  }
}
