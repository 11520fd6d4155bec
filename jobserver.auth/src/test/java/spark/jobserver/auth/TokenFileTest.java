package spark.jobserver.auth;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;
import java.nio.file.attribute.PosixFilePermissions;
import java.time.Instant;
import java.util.Optional;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class TokenFileTest {
  @TempDir Path data;
  private TokenFile file;

  @BeforeEach
  void makeFile() {
    file = new TokenFile(data);
  }

  private static Token token(String name) {
    return new Token(
        name, Token.hash(name), "user", Instant.parse("2026-01-31T12:00:00Z"), Optional.empty());
  }

  private Path path(String name) {
    return data.resolve("auth").resolve(name);
  }

  @Test
  void isMadeOnceWithATokenForItsOwner() throws IOException {
    assertThat(file.make()).isTrue();
    String text = Files.readString(file.localToken()).strip();
    assertThat(file.read().read())
        .singleElement()
        .returns("local", Token::name)
        .returns("admin", Token::role)
        .returns(true, token -> token.hasHash(Token.hash(text)));
    assertThat(Files.readString(path("tokens"))).doesNotContain(text);
    assertThat(file.make()).isFalse();
    assertThat(Files.readString(file.localToken()).strip()).isEqualTo(text);
  }

  @Test
  void isForItsOwnerAlone() throws IOException {
    Files.createDirectories(data.resolve("auth"));
    Files.setPosixFilePermissions(
        data.resolve("auth"), PosixFilePermissions.fromString("rwxr-xr-x"));
    file.make();
    assertThat(mode(data.resolve("auth"))).isEqualTo("rwx------");
    for (String name : new String[] {"tokens", "local-token", "lock"}) {
      assertThat(mode(path(name))).as(name).isEqualTo("rw-------");
    }
  }

  private static String mode(Path path) throws IOException {
    return PosixFilePermissions.toString(Files.getPosixFilePermissions(path));
  }

  @Test
  void takesTokensAndLetsThemGo() throws IOException {
    file.add(token("ada"));
    assertThat(file.read().read()).extracting(Token::name).containsExactly("local", "ada");
    assertThatThrownBy(() -> file.add(token("ada"))).hasMessageContaining("ada already");
    assertThat(file.remove("ada")).isTrue();
    assertThat(file.remove("ada")).isFalse();
    assertThat(file.read().read()).extracting(Token::name).containsExactly("local");
  }

  @Test
  void doesNotGrowBeyondWhatIsRead() throws IOException {
    file.make();
    Files.writeString(
        path("tokens"), "#" + "x".repeat((1 << 20) - 200) + "\n", StandardOpenOption.APPEND);
    assertThatThrownBy(() -> file.add(token("ada"))).hasMessageContaining("would be larger than");
    assertThat(file.read().read()).extracting(Token::name).containsExactly("local");
  }

  @Test
  void doesNotMakeTheFirstTokenAgain() throws IOException {
    file.make();
    assertThat(file.remove("local")).isTrue();
    assertThat(file.localToken()).doesNotExist();
    assertThat(file.make()).isFalse();
    assertThat(file.read().read()).isEmpty();
  }

  @Test
  void keepsWhatItDoesNotUnderstandAndSaysSo() throws IOException {
    file.make();
    Files.writeString(path("tokens"), "# mine\nbroken line\n\n", StandardOpenOption.APPEND);
    file.add(token("ada"));
    assertThat(file.read().read()).extracting(Token::name).containsExactly("local", "ada");
    assertThat(file.read().broken())
        .singleElement()
        .asString()
        .startsWith(path("tokens") + ": 3: ")
        .doesNotContain("broken");
    assertThat(Files.readString(path("tokens"))).contains("# mine\nbroken line\n");
  }

  @Test
  void isAnotherVersionWheneverItHasChanged() throws IOException {
    assertThat(file.version()).isEmpty();
    file.make();
    Optional<PrivateFile.Version> first = file.version();
    assertThat(file.version()).isPresent().isEqualTo(first);
    file.add(token("ada"));
    assertThat(file.version()).isPresent().isNotEqualTo(first);
  }
}
