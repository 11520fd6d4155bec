package spark.jobserver.auth;

import static java.nio.charset.StandardCharsets.UTF_8;
import static org.assertj.core.api.Assertions.assertThat;

import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.io.PrintStream;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class TokenCommandTest {
  @TempDir Path data;
  private final ByteArrayOutputStream out = new ByteArrayOutputStream();
  private final ByteArrayOutputStream err = new ByteArrayOutputStream();

  private int run(String... arguments) {
    out.reset();
    err.reset();
    return new TokenCommand(
            data, new PrintStream(out, true, UTF_8), new PrintStream(err, true, UTF_8))
        .run(List.of(arguments));
  }

  @Test
  void makesListsAndRevokes() throws IOException {
    assertThat(run("make", "ada", "reader", "30")).isZero();
    String text = out.toString(UTF_8).strip();
    assertThat(text).hasSize(43);
    assertThat(Files.readString(data.resolve("auth/tokens")))
        .contains("ada " + Token.hash(text) + " reader ")
        .doesNotContain(text);
    assertThat(run("make", "bob", "jobs:read,jobs:start", "")).isZero();

    assertThat(run("list")).isZero();
    assertThat(out.toString(UTF_8).lines())
        .hasSize(3)
        .anySatisfy(line -> assertThat(line).startsWith("ada  reader  since ").contains("until"))
        .anySatisfy(
            line ->
                assertThat(line)
                    .startsWith("bob  jobs:read,jobs:start  since ")
                    .endsWith("does not expire"));

    assertThat(run("revoke", "ada")).isZero();
    assertThat(run("revoke", "ada")).isEqualTo(1);
    assertThat(err.toString(UTF_8)).contains("there is no token ada");
  }

  @Test
  void saysWhatIsWrong() {
    assertThat(run("make", "a/b", "reader", "")).isEqualTo(2);
    assertThat(err.toString(UTF_8)).contains("a name is of letters");
    assertThat(run("make", "ada", "Reader", "")).isEqualTo(2);
    assertThat(err.toString(UTF_8))
        .contains("a role is admin, user, tenant, reader, or permissions");
    assertThat(run("make", "ada", "reader", "0")).isEqualTo(2);
    assertThat(err.toString(UTF_8)).contains("--expires is a number of days from 1 to 36500");
    assertThat(out.size()).isZero();
  }

  @Test
  void listsNothingWhereThereIsNothing() {
    assertThat(run("list")).isZero();
    assertThat(out.size()).isZero();
    assertThat(data.resolve("auth")).doesNotExist();
  }
}
