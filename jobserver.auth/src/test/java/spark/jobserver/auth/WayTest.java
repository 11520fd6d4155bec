package spark.jobserver.auth;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.util.List;
import org.junit.jupiter.api.Test;

class WayTest {
  @Test
  void areThoseOfTheConfiguration() {
    assertThat(Way.of(List.of("token", "local"))).containsExactly(Way.LOCAL, Way.TOKEN);
    assertThat(Way.of(List.of("token"))).containsExactly(Way.TOKEN);
    assertThat(Way.of(List.of("none"))).containsExactly(Way.NONE);
  }

  @Test
  void areAtLeastOneThatThereIs() {
    assertThatThrownBy(() -> Way.of(List.of("locale")))
        .hasMessage(
            "spark.jobserver.auth.ways has \"locale\", which is no way to be known: it is a list of"
                + " local, token, basic, ldap, certificate, oidc, none");
    assertThatThrownBy(() -> Way.of(List.of()))
        .hasMessageStartingWith("spark.jobserver.auth.ways is empty");
  }

  @Test
  void areNotSomeAndNone() {
    assertThatThrownBy(() -> Way.of(List.of("none", "token")))
        .hasMessageContaining("it stands alone");
  }
}
