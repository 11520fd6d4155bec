package spark.jobserver.auth;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.attribute.PosixFilePermissions;
import java.time.Instant;
import java.util.List;
import java.util.Set;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import spark.jobserver.api.auth.Identity;

class FileAccountsTest {
  private static final Instant NOON = Instant.parse("2026-01-31T12:00:00Z");
  @TempDir Path data;
  private UserFile file;
  private FileAccounts accounts;

  @BeforeEach
  void addAda() throws IOException {
    file = new UserFile(data);
    add("ada", "reader", "secret of ada");
    accounts = new FileAccounts(file);
  }

  private void add(String name, String role, String password) throws IOException {
    file.add(new User(name, role, PasswordHash.of(password, 1000), NOON));
  }

  @Test
  void knowsItsUsersAsTheyAreNow() throws IOException {
    Object before = accounts.edition();
    assertThat(accounts.verify("ada", "secret of bob")).isEqualTo(new Accounts.Verdict.Wrong());
    assertThat(accounts.verify("bob", "secret of bob")).isEqualTo(new Accounts.Verdict.Unknown());
    add("bob", "jobs:read", "secret of bob");
    assertThat(accounts.edition()).isNotEqualTo(before);
    assertThat(accounts.verify("bob", "secret of bob"))
        .isEqualTo(
            new Accounts.Verdict.Right(new Identity("bob", "basic", Set.of("jobs:read"), true)));
    assertThat(file.remove("bob")).isTrue();
    assertThat(file.remove("bob")).isFalse();
    assertThat(accounts.verify("bob", "secret of bob")).isEqualTo(new Accounts.Verdict.Unknown());
  }

  @Test
  void aNameOfOtherLettersIsNobodys() throws IOException {
    add("kim", "reader", "secret of kim");
    assertThat(accounts.verify("KIM", "secret of kim")).isInstanceOf(Accounts.Verdict.Right.class);
    // The Kelvin sign, a dotless and a dotted I: who counts guesses would take them for others.
    for (String name : List.of("\u212Aim", "K\u0131m", "K\u0130m")) {
      assertThat(accounts.verify(name, "secret of kim")).isEqualTo(new Accounts.Verdict.Unknown());
    }
  }

  @Test
  void aNameIsOneUsersWhateverItsCase() {
    assertThat(accounts.verify("ADA", "secret of ada"))
        .isEqualTo(accounts.verify("ada", "secret of ada"))
        .isInstanceOf(Accounts.Verdict.Right.class);
    // Nobody else is asked for it.
    assertThat(accounts.verify("ADA", "secret of bob")).isEqualTo(new Accounts.Verdict.Wrong());
    assertThatThrownBy(() -> add("Ada", "admin", "another secret"))
        .hasMessageStartingWith("There is a user Ada already");
  }

  @Test
  void theFileIsForItsOwnerAndHasNoPassword() throws IOException {
    Path users = data.resolve("auth/users");
    assertThat(PosixFilePermissions.toString(Files.getPosixFilePermissions(users)))
        .isEqualTo("rw-------");
    assertThat(Files.readString(users))
        .startsWith("ada reader pbkdf2-sha512:1000:")
        .doesNotContain("secret");
  }

  @Test
  void aNameIsOfOneUserAndABrokenLineOfNobody() throws IOException {
    assertThatThrownBy(() -> add("ada", "admin", "another secret"))
        .hasMessageStartingWith("There is a user ada already");
    Files.writeString(
        data.resolve("auth/users"),
        "ada admin plain 2026-01-31T12:00:00Z\nbob reader x\n\n# nothing\n");
    assertThat(accounts.verify("ada", "plain")).isEqualTo(new Accounts.Verdict.Unknown());
    assertThat(file.read().broken())
        .hasSize(2)
        .noneSatisfy(line -> assertThat(line).contains("plain"));
  }

  @Test
  void anUnknownNameTakesAboutAsLongAsAWrongPassword() throws IOException {
    file.add(
        new User("eve", "reader", PasswordHash.of("slow secret", PasswordHash.ITERATIONS), NOON));
    accounts.verify("eve", "warms up");
    long wrong = nanos("eve");
    long unknown = nanos("nobody");
    assertThat(unknown).isBetween(wrong / 3, wrong * 3);
  }

  private long nanos(String name) {
    long start = System.nanoTime();
    accounts.verify(name, "wrong");
    return System.nanoTime() - start;
  }
}
