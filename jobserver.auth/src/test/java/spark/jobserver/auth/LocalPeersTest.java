package spark.jobserver.auth;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.IOException;
import java.net.StandardProtocolFamily;
import java.net.UnixDomainSocketAddress;
import java.nio.channels.ServerSocketChannel;
import java.nio.channels.SocketChannel;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.OptionalLong;
import java.util.Set;
import org.assertj.core.api.InstanceOfAssertFactories;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.condition.EnabledOnOs;
import org.junit.jupiter.api.condition.OS;
import org.junit.jupiter.api.io.TempDir;
import spark.jobserver.api.auth.Authentication;
import spark.jobserver.api.auth.Identity;

/** With connections of this process to itself, as the kernel has them. */
@EnabledOnOs(OS.LINUX)
class LocalPeersTest {
  private static final Path PROC = Path.of("/proc");
  private static final long NOT_THIS_PROCESS = Long.MAX_VALUE;

  @TempDir Path folder;
  private ServerSocketChannel listening;
  private OptionalLong user;

  @BeforeEach
  void listen() throws IOException {
    user = OptionalLong.of(((Integer) Files.getAttribute(PROC.resolve("self"), "unix:uid")));
    listening = ServerSocketChannel.open(StandardProtocolFamily.UNIX);
    listening.bind(UnixDomainSocketAddress.of(folder.resolve("s")));
  }

  @AfterEach
  void close() throws IOException {
    listening.close();
  }

  private LocalPeers peers(Path proc, long server) {
    return new LocalPeers(proc, server, user, "ada");
  }

  private static SocketChannel named(Path name) throws IOException {
    SocketChannel client = SocketChannel.open(StandardProtocolFamily.UNIX);
    client.bind(UnixDomainSocketAddress.of(name));
    return client;
  }

  private Authentication verdict(LocalPeers peers, SocketChannel client) throws IOException {
    client.connect(listening.getLocalAddress());
    try (SocketChannel accepted = listening.accept()) {
      return peers.authenticate(accepted);
    }
  }

  private static void isWrong(Authentication verdict, String words) {
    assertThat(verdict)
        .asInstanceOf(InstanceOfAssertFactories.type(Authentication.Wrong.class))
        .extracting(Authentication.Wrong::text, InstanceOfAssertFactories.STRING)
        .contains(words);
  }

  private static void isKnown(Authentication verdict) {
    assertThat(verdict)
        .isEqualTo(new Authentication.Known(new Identity("ada", "local", Set.of("*"), true)));
  }

  @Test
  void knowsAProcessOfItsOwnUser() throws IOException {
    try (SocketChannel client = named(folder.resolve("c"))) {
      isKnown(verdict(peers(PROC, NOT_THIS_PROCESS), client));
    }
  }

  @Test
  void whatTheServerHasStartedIsNotTheOperator() throws IOException {
    try (SocketChannel client = named(folder.resolve("c"))) {
      isWrong(verdict(peers(PROC, ProcessHandle.current().pid()), client), "has started");
    }
  }

  @Test
  void knowsNoOtherUser() throws IOException {
    OptionalLong other = OptionalLong.of(user.getAsLong() + 1);
    for (OptionalLong own : new OptionalLong[] {other, OptionalLong.empty()}) {
      try (SocketChannel client = named(folder.resolve("c" + own.isPresent()))) {
        isWrong(
            verdict(new LocalPeers(PROC, NOT_THIS_PROCESS, own, "ada"), client),
            "the user who runs the server");
      }
    }
  }

  @Test
  void knowsNobodyWithoutAUsableName() throws IOException {
    try (SocketChannel client = SocketChannel.open(StandardProtocolFamily.UNIX)) {
      isWrong(verdict(peers(PROC, NOT_THIS_PROCESS), client), "bound to a name");
    }
    try (SocketChannel client = named(folder.resolve("c d"))) {
      isWrong(verdict(peers(PROC, NOT_THIS_PROCESS), client), "bound to a name");
    }
  }

  @Test
  void knowsNobodyWhoseNameAnotherSocketHas() throws IOException {
    try (SocketChannel first = named(folder.resolve("c"))) {
      Files.delete(folder.resolve("c"));
      try (SocketChannel second = named(folder.resolve("c"))) {
        isWrong(verdict(peers(PROC, NOT_THIS_PROCESS), second), "cannot be told which process");
      }
      assertThat(first.isOpen()).isTrue();
    }
  }

  @Test
  void aNameCountsOnce() throws IOException {
    LocalPeers peers = peers(PROC, NOT_THIS_PROCESS);
    try (SocketChannel first = named(folder.resolve("c"))) {
      isKnown(verdict(peers, first));
    }
    Files.delete(folder.resolve("c"));
    try (SocketChannel second = named(folder.resolve("c"))) {
      isWrong(verdict(peers, second), "used before");
    }
  }

  @Test
  void knowsNobodyWhereTheKernelDoesNotTell(@TempDir Path empty) throws IOException {
    try (SocketChannel client = named(folder.resolve("c"))) {
      isWrong(verdict(peers(empty, NOT_THIS_PROCESS), client), "cannot be told which process");
    }
  }

  @Test
  void noneOfThoseWhoHaveTheSocketMayBeOfADriver(@TempDir Path proc) throws IOException {
    Path net = Files.createDirectories(proc.resolve("self/net"));
    Path name = folder.resolve("c");
    String line = "0: 3 0 0 0001 03 77 " + name + "\n";
    Files.writeString(net.resolve("unix"), line);
    process(proc, 10, "HOME=/root\0");
    process(proc, 70, "HOME=/root\0JOBSERVER_DRIVER=id.1\0");
    LocalPeers peers = peers(proc, 50);
    try (SocketChannel client = named(name)) {
      isWrong(verdict(peers, client), "cannot be told which process");
    }
    Files.delete(name);
    open(proc, 10);
    open(proc, 70);
    try (SocketChannel client = named(name)) {
      isWrong(verdict(peers, client), "has started");
    }
    Files.delete(name);
    Files.delete(proc.resolve("70/fd/3"));
    try (SocketChannel client = named(name)) {
      isKnown(verdict(peers, client));
    }
  }

  private static void process(Path proc, long id, String environment) throws IOException {
    Path process = Files.createDirectories(proc.resolve(id + "/fd")).getParent();
    Files.writeString(process.resolve("stat"), id + " (name) S 1 1 1 0 -1");
    Files.writeString(process.resolve("environ"), environment);
  }

  private static void open(Path proc, long id) throws IOException {
    Files.createSymbolicLink(proc.resolve(id + "/fd/3"), Path.of("socket:[77]"));
  }
}
