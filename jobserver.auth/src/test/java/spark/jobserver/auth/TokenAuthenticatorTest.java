package spark.jobserver.auth;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Clock;
import java.time.Instant;
import java.time.ZoneOffset;
import java.util.Optional;
import java.util.Set;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;
import spark.jobserver.api.auth.Authentication;
import spark.jobserver.api.auth.Identity;

class TokenAuthenticatorTest {
  private static final Instant NOON = Instant.parse("2026-01-31T12:00:00Z");
  private static final Authentication WRONG = new Authentication.Wrong("The token is not valid.");
  @TempDir Path data;
  private TokenFile file;
  private TokenAuthenticator authenticator;

  @BeforeEach
  void addTokens() throws IOException {
    file = new TokenFile(data);
    add("ada", "adas", NOON.plusSeconds(1));
    add("bob", "bobs", NOON);
    authenticator = new TokenAuthenticator(file, Clock.fixed(NOON, ZoneOffset.UTC));
  }

  private void add(String name, String text, Instant expires) throws IOException {
    file.add(new Token(name, Token.hash(text), "jobs:read", NOON, Optional.of(expires)));
  }

  private static Authentication known(String name) {
    return new Authentication.Known(new Identity(name, "token", Set.of("jobs:read"), false));
  }

  private Authentication with(String... authorization) {
    return authenticator.authenticate(Requests.authorized(authorization));
  }

  @Test
  void knowsWhoHasAToken() {
    assertThat(with("Bearer adas")).isEqualTo(known("ada"));
    assertThat(with("bearer  adas ")).isEqualTo(known("ada"));
  }

  @Test
  void leavesOtherWaysToOthers() {
    assertThat(with()).isEqualTo(new Authentication.Absent());
    assertThat(with("Basic YWRhOmFkYXM=")).isEqualTo(new Authentication.Absent());
    assertThat(with("Bearer a.b.c")).isEqualTo(new Authentication.Absent());
    assertThat(with("Bearers adas")).isEqualTo(new Authentication.Absent());
  }

  @ParameterizedTest
  @ValueSource(strings = {"Bearer", "Bearer ", "Bearer nobodys", "Bearer ADAS", "Bearer bobs"})
  void saysTheSameOfEveryTokenThatIsNotValid(String authorization) {
    assertThat(with(authorization)).isEqualTo(WRONG);
  }

  @Test
  void refusesAHashOneTokenTooManyAndOneThatIsTooLong() {
    assertThat(with("Bearer " + Token.hash("adas"))).isEqualTo(WRONG);
    assertThat(with("Bearer adas", "Bearer adas")).isEqualTo(WRONG);
    assertThat(with("Bearer adas", "Basic x")).isEqualTo(WRONG);
    assertThat(with("Bearer " + "a".repeat(2000))).isEqualTo(WRONG);
  }

  @Test
  void goesByTheFileAsItIsNow() throws IOException {
    assertThat(with("Bearer eves")).isEqualTo(WRONG);
    add("eve", "eves", NOON.plusSeconds(1));
    assertThat(with("Bearer eves")).isEqualTo(known("eve"));
    file.remove("eve");
    assertThat(with("Bearer eves")).isEqualTo(WRONG);
    assertThat(with("Bearer adas")).isEqualTo(known("ada"));
    Files.delete(data.resolve("auth/tokens"));
    assertThat(with("Bearer adas")).isEqualTo(WRONG);
  }
}
