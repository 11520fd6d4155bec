package spark.jobserver.api.auth;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.util.Set;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.EnumSource;
import spark.jobserver.api.server.Caller;

class IdentityTest {
  @ParameterizedTest
  @CsvSource({
    "*, jobs:read, true",
    "*, anything, true",
    "jobs:*, jobs:read, true",
    "jobs:*, jobs:delete, true",
    "jobs:*, jobsx:read, false",
    "jobs:*, data:read, false",
    "jobs:read, jobs:read, true",
    "jobs:read, jobs:start, false",
    "jobs:read, jobs:*, false",
    "jobs, jobs:read, true",
    "job, jobs:read, false"
  })
  void mayDoWhatItsPermissionsSay(String permission, String asked, boolean allowed) {
    assertThat(new Identity("ada", "token", Set.of(permission), false).may(asked))
        .isEqualTo(allowed);
  }

  @ParameterizedTest
  @EnumSource(Role.class)
  void onlyWhoMayEverythingMayNameOthersByARole(Role role) {
    assertThat(new Identity("ada", "token", role.permissions(), false).may(Caller.IMPERSONATE))
        .isEqualTo(role == Role.ADMIN);
    assertThat(Role.permissions(Caller.IMPERSONATE)).containsExactly(Caller.IMPERSONATE);
  }

  @Test
  void hasANameAndAWay() {
    assertThatThrownBy(() -> new Identity(" ", "token", Set.of(), false))
        .isInstanceOf(IllegalArgumentException.class);
  }
}
