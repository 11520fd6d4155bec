package spark.jobserver.auth;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.time.Instant;
import java.util.Optional;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

class TokenTest {
  private static final Instant NOON = Instant.parse("2026-01-31T12:00:00Z");
  private static final String HASH = Token.hash("secret");

  private static Token token(String role, Optional<Instant> expires) {
    return new Token("ada", HASH, role, NOON, expires);
  }

  @Test
  void isReadAsItIsWritten() {
    for (Token token :
        new Token[] {
          token("admin", Optional.empty()), token("jobs:read,data:*", Optional.of(NOON))
        }) {
      assertThat(Token.of(token.line())).isEqualTo(token);
      assertThat(token.line()).doesNotContain("secret");
    }
  }

  @Test
  void hasThePermissionsOfItsRoleOrItsOwn() {
    assertThat(token("admin", Optional.empty()).permissions()).containsExactly("*");
    assertThat(token("user", Optional.empty()).permissions())
        .containsExactlyInAnyOrder(
            "binaries:*", "contexts:*", "jobs:*", "data:*", "factories:read");
    assertThat(token("reader", Optional.empty()).permissions())
        .contains("jobs:read", "metrics:read")
        .noneMatch(permission -> !permission.endsWith(":read"));
    assertThat(token("jobs:read,data:*", Optional.empty()).permissions())
        .containsExactlyInAnyOrder("jobs:read", "data:*");
  }

  @Test
  void isValidUntilItExpires() {
    assertThat(token("user", Optional.of(NOON)).isValid(NOON.minusNanos(1))).isTrue();
    assertThat(token("user", Optional.of(NOON)).isValid(NOON)).isFalse();
    assertThat(token("user", Optional.empty()).isValid(Instant.MAX)).isTrue();
  }

  @Test
  void isLongAndAnotherEachTime() {
    assertThat(Token.newText()).matches("[A-Za-z0-9_-]{43}").isNotEqualTo(Token.newText());
  }

  @ParameterizedTest
  @ValueSource(
      strings = {
        "ada",
        "ada HASH admin 2026-01-31T12:00:00Z",
        "ada HASH admin 2026-01-31T12:00:00Z never more",
        "ada HASH admin today never",
        "ada HASH admin 2026-01-31T12:00:00Z soon",
        "ada abc admin 2026-01-31T12:00:00Z never",
        "ada HASH Admin 2026-01-31T12:00:00Z never",
        "ada HASH admin,JOBS 2026-01-31T12:00:00Z never",
        "ada HASH root 2026-01-31T12:00:00Z never",
        "ada HASH jobs:read, 2026-01-31T12:00:00Z never",
        "-ada HASH admin 2026-01-31T12:00:00Z never",
        "a/da HASH admin 2026-01-31T12:00:00Z never"
      })
  void isNothingElse(String line) {
    assertThatThrownBy(() -> Token.of(line.replace("HASH", HASH)))
        .isInstanceOf(IllegalArgumentException.class)
        .hasMessageNotContaining(HASH);
  }
}
