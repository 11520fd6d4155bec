package spark.jobserver.auth;

import static java.nio.charset.StandardCharsets.UTF_8;
import static org.assertj.core.api.Assertions.assertThat;

import java.io.BufferedReader;
import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.io.PrintStream;
import java.io.StringReader;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

class UserCommandTest {
  @TempDir Path data;
  private final ByteArrayOutputStream out = new ByteArrayOutputStream();
  private final ByteArrayOutputStream err = new ByteArrayOutputStream();

  private int run(String input, String... arguments) {
    out.reset();
    err.reset();
    return new UserCommand(
            data,
            new BufferedReader(new StringReader(input)),
            new PrintStream(out, true, UTF_8),
            new PrintStream(err, true, UTF_8))
        .run(List.of(arguments));
  }

  @Test
  void addsListsAndRemoves() throws IOException {
    assertThat(run("correct horse\n", "add", "ada", "reader")).isZero();
    assertThat(out.toString(UTF_8)).isEqualTo("Added ada\n");
    assertThat(new FileAccounts(new UserFile(data)).verify("ada", "correct horse"))
        .isInstanceOf(Accounts.Verdict.Right.class);
    assertThat(Files.readString(data.resolve("auth/users")))
        .contains(":" + PasswordHash.ITERATIONS + ":");
    assertThat(run("", "list")).isZero();
    assertThat(out.toString(UTF_8)).matches("ada  reader  since 20\\S+Z\n");
    assertThat(run("correct horse\n", "add", "ada", "reader")).isEqualTo(2);
    assertThat(err.toString(UTF_8)).contains("There is a user ada already");
    assertThat(run("", "remove", "ada")).isZero();
    assertThat(run("", "remove", "ada")).isEqualTo(1);
    assertThat(err.toString(UTF_8)).contains("there is no user ada");
  }

  @ParameterizedTest
  @ValueSource(strings = {"", "\n", "seven c\n", "with a\ttab\n"})
  void saysWhatAPasswordIs(String input) {
    assertThat(run(input, "add", "ada", "reader")).isEqualTo(2);
    assertThat(err.toString(UTF_8)).contains("at least 8 characters and at most 1024 bytes");
    assertThat(data.resolve("auth")).doesNotExist();
  }

  @Test
  void saysWhatIsWrong() {
    assertThat(run("correct horse\n", "add", "a:b", "reader")).isEqualTo(2);
    assertThat(err.toString(UTF_8)).contains("a name is of letters");
    assertThat(run("correct horse\n", "add", "ada", "root")).isEqualTo(2);
    assertThat(err.toString(UTF_8)).contains("a role is admin, user, tenant, reader");
    assertThat(run("", "list")).isZero();
    assertThat(out.size()).isZero();
  }
}
