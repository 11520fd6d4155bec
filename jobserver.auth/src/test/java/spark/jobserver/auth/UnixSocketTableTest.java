package spark.jobserver.auth;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class UnixSocketTableTest {
  private static final String HEAD =
      """
      Num       RefCount Protocol Flags    Type St Inode Path
      0000000014ea8a0f: 00000002 00000000 00010000 0001 01 36874 /run/s
      0000000038118c22: 00000003 00000000 00000000 0001 03  1063
      """;

  @TempDir Path proc;

  private UnixSocketTable table(String... lines) throws IOException {
    Path net = Files.createDirectories(proc.resolve("self/net"));
    Files.writeString(net.resolve("unix"), HEAD + String.join("\n", lines) + "\n");
    return new UnixSocketTable(proc);
  }

  private static String line(String state, int inode, String name) {
    return "000000009875e09f: 00000003 00000000 00000000 0001 %s %d %s"
        .formatted(state, inode, name);
  }

  @Test
  void findsTheConnectedSocketOfAName() throws IOException {
    UnixSocketTable table = table(line("03", 77, "/run/c"), line("03", 78, "/run/c2"));
    assertThat(table.find("/run/c")).hasValue(77);
    assertThat(table.find("/run/c2")).hasValue(78);
    assertThat(table.find("c")).isEmpty();
    assertThat(table.find("1063")).as("one without a name").isEmpty();
  }

  @Test
  void oneThatIsNotConnectedIsNoClient() throws IOException {
    assertThat(table(line("01", 77, "/run/c")).find("/run/c")).isEmpty();
    assertThat(table().find("/run/s")).isEmpty();
  }

  @Test
  void aNameThatTwoHaveTellsNothing() throws IOException {
    assertThat(table(line("03", 77, "/run/c"), line("01", 78, "/run/c")).find("/run/c")).isEmpty();
  }

  @Test
  void withoutATableNothingIsFound() {
    assertThat(new UnixSocketTable(proc).find("/run/c")).isEmpty();
  }
}
