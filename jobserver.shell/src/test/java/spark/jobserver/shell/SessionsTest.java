package spark.jobserver.shell;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.io.ByteArrayInputStream;
import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.io.PrintStream;
import java.nio.channels.SocketChannel;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.attribute.PosixFilePermissions;
import java.time.Duration;
import java.util.List;
import java.util.Set;
import java.util.concurrent.BlockingQueue;
import java.util.concurrent.LinkedBlockingQueue;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;
import spark.jobserver.api.auth.Authentication;
import spark.jobserver.api.auth.Identity;
import spark.jobserver.api.auth.PeerAuthenticator;

@Timeout(60)
class SessionsTest {
  private static final PeerAuthenticator EVERYBODY =
      connection -> new Authentication.Known(new Identity("ada", "local", Set.of("*"), true));

  @TempDir Path folder;
  private final BlockingQueue<AuditLine> audit = new LinkedBlockingQueue<>();
  private final ByteArrayOutputStream printed = new ByteArrayOutputStream();

  private Sessions sessions;

  @AfterEach
  void close() throws IOException {
    if (sessions != null) {
      sessions.close();
    }
  }

  private void open(PeerAuthenticator peers, int most) throws IOException {
    sessions =
        new Sessions(
            SocketFile.listen(folder.resolve("run")),
            peers,
            new Words(),
            new ShellSettings(true, most, Duration.ofMinutes(1)),
            audit::add);
  }

  private ShellClient client(SocketChannel socket) throws IOException {
    PrintStream out = new PrintStream(printed, true, StandardCharsets.UTF_8);
    ShellClient client = new ShellClient(new LineChannel(socket), out, out);
    client.greet();
    return client;
  }

  private SocketChannel connected() throws IOException {
    return ShellClient.connect(folder.resolve("run"));
  }

  private String printed() {
    return printed.toString(StandardCharsets.UTF_8);
  }

  @Test
  void severalAskAtOnce() throws IOException {
    open(EVERYBODY, 2);
    try (SocketChannel one = connected();
        SocketChannel other = connected()) {
      ShellClient first = client(one);
      ShellClient second = client(other);
      assertThat(second.carryOut("b")).isTrue();
      assertThat(first.carryOut("complain")).isFalse();
      assertThat(first.carryOut("a")).isTrue();
    }
    assertThat(printed().lines()).containsExactly("did b", "careful", "It is", "wrong.", "did a");
  }

  @Test
  void thereAreNoMoreThanThereMayBe() throws Exception {
    open(EVERYBODY, 1);
    try (SocketChannel one = connected()) {
      ShellClient first = client(one);
      try (SocketChannel other = connected()) {
        assertThatThrownBy(() -> client(other)).hasMessageStartingWith("There are 1 sessions");
      }
      assertThat(audit.poll(30, TimeUnit.SECONDS).fields())
          .containsEntry("caller", "ada")
          .containsEntry("outcome", "refused");
      assertThat(first.carryOut("a")).isTrue();
    }
    // Whoever has gone makes room, a moment later.
    boolean again = false;
    while (!again) {
      try (SocketChannel next = connected()) {
        again = client(next).carryOut("b");
      } catch (IOException e) {
        assertThat(e).hasMessageStartingWith("There are 1 sessions");
      }
    }
  }

  @Test
  void whoIsRefusedIsToldWhyAndIsOnRecord() throws Exception {
    open(connection -> new Authentication.Wrong("Jobs may not."), 2);
    try (SocketChannel socket = connected()) {
      assertThatThrownBy(() -> client(socket)).hasMessage("Jobs may not.");
      assertThat(audit.poll(30, TimeUnit.SECONDS).fields())
          .containsEntry("caller", "-")
          .containsEntry("way", "shell")
          .containsEntry("outcome", "refused");
    }
  }

  @Test
  void whoCannotBeToldIsRefusedToo() throws Exception {
    open(connection -> new Authentication.Absent(), 2);
    try (SocketChannel socket = connected()) {
      assertThatThrownBy(() -> client(socket)).hasMessageContaining("cannot be told");
    }
  }

  @Test
  void anErrorOfWhoIsAskedRefusesAndTheNextOneIsTaken() throws Exception {
    boolean[] asked = {false};
    PeerAuthenticator peers =
        connection -> {
          if (!asked[0]) {
            asked[0] = true;
            throw new IllegalStateException("broken");
          }
          return EVERYBODY.authenticate(connection);
        };
    open(peers, 2);
    try (SocketChannel socket = connected()) {
      assertThatThrownBy(() -> client(socket)).hasMessageContaining("closed the connection");
    }
    try (SocketChannel socket = connected()) {
      assertThat(client(socket).carryOut("a")).isTrue();
    }
  }

  @Test
  void endsWithTheServer() throws IOException {
    open(EVERYBODY, 2);
    try (SocketChannel socket = connected()) {
      ShellClient client = client(socket);
      sessions.close();
      assertThatThrownBy(() -> client.carryOut("a"))
          .hasMessage("The server has ended the session.");
      assertThatThrownBy(this::connected).hasMessageContaining("cannot be reached");
    }
  }

  @Test
  void aClientCarriesOutWhatItReadsUntilExit() throws IOException {
    open(EVERYBODY, 2);
    try (SocketChannel socket = connected()) {
      ShellClient client = client(socket);
      assertThat(client.converse(lines("a\ncomplain\n"), false)).isFalse();
      assertThat(client.converse(lines("complain\nb\nexit\nc\n"), true)).isTrue();
    }
    assertThat(printed())
        .isEqualTo(
            "did a\ncareful\nIt is\nwrong.\n"
                + "jobserver> careful\nIt is\nwrong.\njobserver> did b\njobserver> ");
  }

  private static ByteArrayInputStream lines(String text) {
    return new ByteArrayInputStream(text.getBytes(StandardCharsets.UTF_8));
  }

  @Test
  void theSocketIsForTheServersUserAloneAndReplacesWhatWasLeft() throws IOException {
    Path run = Files.createDirectory(folder.resolve("run"));
    Files.setPosixFilePermissions(run, PosixFilePermissions.fromString("rwxrwxrwx"));
    Files.writeString(run.resolve("shell.sock"), "");
    Files.writeString(run.resolve("client-1"), "");
    open(EVERYBODY, 1);
    try (SocketChannel socket = connected()) {
      assertThat(client(socket).carryOut("a")).isTrue();
      assertThat(permissions(run)).isEqualTo("rwx------");
      assertThat(permissions(run.resolve("shell.sock"))).isEqualTo("rw-------");
      assertThat(run.toFile().list()).containsExactly("shell.sock");
    }
  }

  private static String permissions(Path file) throws IOException {
    return PosixFilePermissions.toString(Files.getPosixFilePermissions(file));
  }

  @Test
  void aPathThatIsTooLongIsSaid() {
    assertThatThrownBy(() -> SocketFile.listen(folder.resolve("x".repeat(100))))
        .isInstanceOf(IOException.class)
        .hasMessageContaining("may have 104 bytes");
  }

  @Test
  void aFolderThatIsALinkIsNotTaken() throws IOException {
    Files.createSymbolicLink(folder.resolve("run"), Files.createDirectory(folder.resolve("other")));
    assertThatThrownBy(() -> SocketFile.listen(folder.resolve("run")))
        .isInstanceOf(IOException.class);
  }

  @Test
  void pathsBelowTheWorkingFolderAreShort() {
    Path here = Path.of("").toAbsolutePath();
    assertThat(Wire.folder(here)).isEqualTo(Path.of("run"));
    assertThat(Wire.folder(here.resolve("a/b"))).isEqualTo(Path.of("a/b/run"));
    assertThat(Wire.folder(folder)).isEqualTo(folder.resolve("run"));
  }

  @Test
  void aCommandAloneIsALineAndArgumentsStayWhatTheyAre() throws IOException {
    assertThat(ShellClient.line(List.of("lb | lb"))).isEqualTo("lb | lb");
    assertThat(ShellClient.line(List.of("jobs", "5"))).isEqualTo("jobs 5");
    assertThat(ShellClient.line(List.of("a", "$x", ""))).isEqualTo("a '$x' ''");
    assertThatThrownBy(() -> ShellClient.line(List.of("a", "b\nc")))
        .hasMessageContaining("one line");
  }
}
