package spark.jobserver.auth;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.IOException;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.net.ServerSocket;
import java.net.Socket;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Map;
import java.util.OptionalLong;
import java.util.Set;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;
import spark.jobserver.api.auth.Authentication;
import spark.jobserver.api.auth.Identity;
import spark.jobserver.api.auth.IncomingRequest;

/** With a connection of this process to itself, as the kernel has it. */
class LocalAuthenticatorTest {
  private static final Path PROC = Path.of("/proc");
  private static final long NOT_THIS_PROCESS = Long.MAX_VALUE;
  private ServerSocket listening;
  private Socket client;
  private Socket accepted;
  private OptionalLong user;

  @BeforeEach
  void connect() throws IOException {
    user = OptionalLong.of(((Integer) Files.getAttribute(PROC.resolve("self"), "unix:uid")));
    listening = new ServerSocket(0, 1, InetAddress.getLoopbackAddress());
    client = new Socket(listening.getInetAddress(), listening.getLocalPort());
    accepted = listening.accept();
  }

  @AfterEach
  void disconnect() throws IOException {
    client.close();
    accepted.close();
    listening.close();
  }

  private static LocalAuthenticator authenticator(Path proc, long server, OptionalLong own) {
    return new LocalAuthenticator(
        new SocketTable(proc), new ProcessTable(PROC, server), own, "ada");
  }

  private LocalAuthenticator authenticator() {
    return authenticator(PROC, NOT_THIS_PROCESS, user);
  }

  private IncomingRequest request(Map<String, List<String>> headers) {
    return Requests.over(
        "1",
        (InetSocketAddress) accepted.getRemoteSocketAddress(),
        (InetSocketAddress) accepted.getLocalSocketAddress(),
        headers);
  }

  @Test
  void knowsItsOwnUser() {
    Identity identity = new Identity("ada", "local", Set.of("*"), true);
    assertThat(authenticator().authenticate(request(Map.of())))
        .isEqualTo(new Authentication.Known(identity));
  }

  @ParameterizedTest
  @ValueSource(
      strings = {
        "Forwarded",
        "x-forwarded-for",
        "X-Real-IP",
        "Via",
        "X-Forwarded-Host",
        "Authorization"
      })
  void knowsNobodyBehindAProxyOrWithACredential(String header) {
    LocalAuthenticator authenticator = authenticator();
    assertThat(authenticator.authenticate(request(Map.of()))).isInstanceOf(known());
    // Whatever is known of the connection.
    assertThat(authenticator.authenticate(request(Map.of(header, List.of("")))))
        .isEqualTo(absent());
  }

  @Test
  void knowsNoOtherUser() {
    OptionalLong other = OptionalLong.of(user.getAsLong() + 1);
    assertThat(authenticator(PROC, NOT_THIS_PROCESS, other).authenticate(request(Map.of())))
        .isEqualTo(absent());
  }

  @Test
  void knowsNobodyWhereTheKernelDoesNotTell(@TempDir Path empty) {
    assertThat(
            authenticator(PROC, NOT_THIS_PROCESS, OptionalLong.empty())
                .authenticate(request(Map.of())))
        .isEqualTo(absent());
    assertThat(authenticator(empty, NOT_THIS_PROCESS, user).authenticate(request(Map.of())))
        .isEqualTo(absent());
  }

  @Test
  void doesNotKnowTheServerItself() {
    assertThat(
            authenticator(PROC, ProcessHandle.current().pid(), user)
                .authenticate(request(Map.of())))
        .isEqualTo(absent());
  }

  @Test
  void doesNotKnowWhoComesOverANetwork() {
    InetSocketAddress here = (InetSocketAddress) accepted.getLocalSocketAddress();
    InetSocketAddress there = new InetSocketAddress("192.0.2.1", client.getLocalPort());
    LocalAuthenticator authenticator = authenticator();
    assertThat(authenticator.authenticate(Requests.over("2", there, here, Map.of())))
        .isEqualTo(absent());
    assertThat(authenticator.authenticate(Requests.over("3", here, there, Map.of())))
        .isEqualTo(absent());
  }

  @Test
  void knowsNobodyWhoHasGone() throws IOException {
    client.close();
    assertThat(authenticator().authenticate(request(Map.of()))).isEqualTo(absent());
  }

  @Test
  void knowsNobodyWhoseProcessCannotBeSeen(@TempDir Path empty) {
    LocalAuthenticator authenticator =
        new LocalAuthenticator(
            new SocketTable(PROC), new ProcessTable(empty, NOT_THIS_PROCESS), user, "ada");
    assertThat(authenticator.authenticate(request(Map.of()))).isEqualTo(absent());
  }

  @Test
  void triesWhetherTheKernelTells(@TempDir Path empty) {
    long here = ProcessHandle.current().pid();
    SocketTable sockets = new SocketTable(PROC);
    ProcessTable processes = new ProcessTable(PROC, here);
    assertThat(LocalAuthenticator.ofThisMachine().advice()).contains("needs none");
    for (LocalAuthenticator without :
        List.of(
            LocalAuthenticator.tried(new SocketTable(empty), processes, user, here, "ada"),
            LocalAuthenticator.tried(sockets, new ProcessTable(empty, here), user, here, "ada"),
            LocalAuthenticator.tried(sockets, processes, OptionalLong.of(-1), here, "ada"),
            LocalAuthenticator.tried(sockets, processes, OptionalLong.empty(), here, "ada"))) {
      assertThat(without.advice()).contains("does not tell");
      assertThat(without.authenticate(request(Map.of()))).isEqualTo(absent());
    }
  }

  @Test
  void looksAConnectionUpOnce() throws IOException {
    LocalAuthenticator authenticator = authenticator();
    IncomingRequest request = request(Map.of());
    assertThat(authenticator.authenticate(request)).isInstanceOf(known());
    client.close();
    accepted.close();
    assertThat(authenticator.authenticate(request)).isInstanceOf(known());
    IncomingRequest another = Requests.over("other", request.client(), request.server(), Map.of());
    assertThat(authenticator.authenticate(another)).isEqualTo(absent());
  }

  private static Class<Authentication.Known> known() {
    return Authentication.Known.class;
  }

  private static Authentication absent() {
    return new Authentication.Absent();
  }
}
