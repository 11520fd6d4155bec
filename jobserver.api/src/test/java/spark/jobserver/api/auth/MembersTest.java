package spark.jobserver.api.auth;

import static org.assertj.core.api.Assertions.assertThat;

import java.util.List;
import org.junit.jupiter.api.Test;

class MembersTest {
  private final Members members =
      new Members(
          List.of("operators"),
          List.of("science"),
          List.of("lodgers"),
          List.of("science", "guests"));

  @Test
  void mayDoAllThatTheirRolesGive() {
    assertThat(members.permissions(List.of("operators"))).containsExactly("*");
    assertThat(members.permissions(List.of("guests", "others")))
        .isEqualTo(Role.READER.permissions());
    assertThat(members.permissions(List.of("science")))
        .containsAll(Role.USER.permissions())
        .contains("metrics:read");
  }

  @Test
  void othersMayDoNothing() {
    assertThat(members.permissions(List.of("Operators", "operators ", ""))).isEmpty();
    assertThat(members.permissions(List.of())).isEmpty();
  }
}
