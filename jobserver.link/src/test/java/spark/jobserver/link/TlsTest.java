package spark.jobserver.link;

import static java.nio.charset.StandardCharsets.ISO_8859_1;
import static java.nio.charset.StandardCharsets.US_ASCII;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.io.IOException;
import java.io.OutputStream;
import java.net.InetAddress;
import java.net.Socket;
import java.net.SocketException;
import java.net.URI;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardCopyOption;
import java.nio.file.attribute.PosixFilePermissions;
import java.security.MessageDigest;
import java.security.cert.Certificate;
import java.util.HexFormat;
import java.util.List;
import java.util.Optional;
import java.util.concurrent.BlockingQueue;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.LinkedBlockingQueue;
import java.util.concurrent.TimeUnit;
import java.util.stream.Stream;
import javax.net.ssl.SSLHandshakeException;
import javax.net.ssl.SSLSocket;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;
import spark.jobserver.api.Content;
import spark.jobserver.api.Failure;
import spark.jobserver.api.tls.KeyFiles;
import spark.jobserver.link.driver.AcceptedJobs;
import spark.jobserver.link.driver.DriverEnd;
import spark.jobserver.link.driver.NotingHandler;
import spark.jobserver.link.server.LinkServer;
import spark.jobserver.link.server.LinkTls;
import spark.jobserver.link.server.OwnCertificate;

/** Both ends, by TLS: whom a driver believes, and tells its token or key. */
@Timeout(60)
class TlsTest {
  @TempDir static Path made;
  private static LinkTls own;
  private static LinkTls other;

  @TempDir Path folder;
  private final NotingDesk desk = new NotingDesk();
  private final NotingDesk thief = new NotingDesk();
  private final CompletableFuture<String> abandoned = new CompletableFuture<>();
  private final NotingHandler handler =
      new NotingHandler() {
        @Override
        public void abandoned(String why) {
          abandoned.complete(why);
        }
      };
  private final BlockingQueue<AutoCloseable> open = new LinkedBlockingQueue<>();

  @BeforeAll
  static void make() throws Exception {
    own = LinkTls.pinned(OwnCertificate.in(made.resolve("own")));
    other = LinkTls.pinned(OwnCertificate.in(made.resolve("other")));
  }

  @AfterEach
  void close() throws Exception {
    for (AutoCloseable one : open) {
      one.close();
    }
  }

  private LinkServer serve(NotingDesk at, Optional<LinkTls> tls, int port) throws IOException {
    Path spool = Files.createTempDirectory(folder, "spool");
    LinkServer server = new LinkServer(InetAddress.getLoopbackAddress(), port, tls, spool, at);
    open.add(server);
    return server;
  }

  private LinkServer serve(NotingDesk at, Optional<LinkTls> tls) throws IOException {
    return serve(at, tls, 0);
  }

  private static int port(LinkServer server) {
    return URI.create(server.url()).getPort();
  }

  private DriverEnd dial(String url, Trust trust) throws IOException {
    Path home = Files.createDirectories(folder.resolve("driver"));
    AcceptedJobs accepted = new AcceptedJobs(home);
    String moved = folder.resolve("link-url").toString();
    DriverEnd driver =
        new DriverEnd(
            new EnrolmentFile("context", 1, NotingDesk.TOKEN, url, moved, 1_800_000, 50, trust),
            home,
            accepted,
            handler);
    open.add(driver);
    open.add(accepted);
    driver.start("4.0.5");
    return driver;
  }

  private void serverIsAt(String url) throws IOException {
    Path part = Files.writeString(folder.resolve("link-url.part"), url);
    Files.move(part, folder.resolve("link-url"), StandardCopyOption.ATOMIC_MOVE);
  }

  @Test
  void carriesCommandsEventsAndBytes() throws Exception {
    byte[] bytes = new byte[2_000_000];
    bytes[77] = 7;
    String digest = HexFormat.of().formatHex(MessageDigest.getInstance("SHA-256").digest(bytes));
    desk.binaries.put(digest, bytes);
    LinkServer server = serve(desk, Optional.of(own));
    assertThat(server.url()).startsWith("https://127.0.0.1:");
    DriverEnd driver = dial(server.url(), own.trust());

    desk.log.append(new Command.KillJob("a"));
    assertThat(NotingDesk.next(handler.commands)).isEqualTo(new Command.KillJob("a"));
    Event ended = new Event.JobEnded("a", Event.Ending.FINISHED, Failure.of(""));
    for (byte[] attachment : List.of(new byte[] {1}, bytes)) {
      driver.tell(ended, Content.of(attachment));
      NotingDesk.Told told = NotingDesk.next(desk.events);
      assertThat(told.event()).isEqualTo(ended);
      assertThat(told.bytes()).isEqualTo(attachment);
    }
    driver.fetchBinary(digest, folder.resolve("binary"));
    assertThat(folder.resolve("binary")).hasBinaryContent(bytes);
    NotingDesk.next(desk.heartbeats);
  }

  @Test
  void findsTheServerAgainAfterARestart() throws Exception {
    LinkServer first = serve(desk, Optional.of(own));
    dial(first.url(), own.trust());
    NotingDesk.next(desk.hellos);
    first.close();

    NotingDesk restarted = desk.restarted();
    LinkTls kept = LinkTls.pinned(OwnCertificate.in(made.resolve("own")));
    serverIsAt(serve(restarted, Optional.of(kept)).url());

    NotingDesk.next(restarted.hellos);
    restarted.log.append(new Command.KillJob("b"));
    assertThat(NotingDesk.next(handler.commands)).isEqualTo(new Command.KillJob("b"));
  }

  @Test
  void endsADriverThatIsShownAnotherCertificateAndHasToldNothing() throws Exception {
    LinkServer stranger = serve(thief, Optional.of(other));
    dial(stranger.url(), own.trust());

    String why = abandoned.get(40, TimeUnit.SECONDS);

    assertThat(why)
        .isEqualTo(
            "the server at %s cannot be verified: it shows another certificate than that of this link"
                .formatted(stranger.url()));
    assertThat(folder.resolve("driver").resolve(EnrolmentFile.LAST_WORDS)).hasContent(why);
    assertThat(thief.shown).isEmpty();
  }

  @Test
  void showsNobodyElseItsTokenWhereverItsServerIsSaidToBe() throws Exception {
    LinkServer server = serve(desk, Optional.of(own));
    for (Optional<LinkTls> tls : List.of(Optional.<LinkTls>empty(), Optional.of(other))) {
      serverIsAt(serve(thief, tls).url()); // which is tried first
      DriverEnd driver = dial(server.url(), own.trust());
      NotingDesk.next(desk.hellos);
      driver.close();
      desk.forget();
    }
    assertThat(thief.shown).isEmpty();
    assertThat(desk.shown).contains(NotingDesk.TOKEN);
  }

  @Test
  void showsNobodyElseItsKeyWhileItLooksForItsServer() throws Exception {
    LinkServer server = serve(desk, Optional.of(own));
    dial(server.url(), own.trust());
    NotingDesk.next(desk.heartbeats);
    server.close();

    Cable cable = new Cable(serve(thief, Optional.of(other)).url());
    open.add(cable);
    serverIsAt(cable.url().replace("http:", "https:"));
    cable.awaitDialled(10);
    NotingDesk restarted = desk.restarted();
    serve(restarted, Optional.of(own), port(server));

    NotingDesk.next(restarted.hellos);
    assertThat(thief.shown).isEmpty();
    assertThat(abandoned).isNotDone();
  }

  @Test
  void leavesAServerAloneWithTlsThatItHasNoCertificateOf() throws Exception {
    LinkServer server = serve(desk, Optional.empty());
    serverIsAt(serve(thief, Optional.of(other)).url());
    dial(server.url(), Trust.NONE);

    NotingDesk.next(desk.hellos);
    assertThat(thief.shown).isEmpty();
  }

  @Test
  void speaksNothingElseThanTls() throws Exception {
    LinkServer server = serve(desk, Optional.of(own));
    byte[] enrolment =
        Wire.line(new Enrolment("context", 1, NotingDesk.TOKEN, "key", Wire.PROTOCOL, "4.0.5"));
    String head =
        "POST /link/v1/enrol HTTP/1.1\r\nHost: x\r\nContent-Length: %d\r\n\r\n"
            .formatted(enrolment.length);
    try (Socket plain = new Socket(InetAddress.getLoopbackAddress(), port(server))) {
      plain.setSoTimeout(10_000);
      OutputStream out = plain.getOutputStream();
      out.write(head.getBytes(US_ASCII));
      out.write(enrolment);
      assertThat(answer(plain)).doesNotContain("HTTP");
    }
    assertThat(desk.shown).isEmpty();
  }

  private static String answer(Socket socket) throws IOException {
    try {
      return new String(socket.getInputStream().readAllBytes(), ISO_8859_1);
    } catch (SocketException e) {
      return ""; // reset
    }
  }

  @Test
  void speaksTlsOf1Point2OrNewer() throws Exception {
    LinkServer server = serve(desk, Optional.of(own));
    for (String protocol : List.of("TLSv1.2", "TLSv1.3")) {
      try (SSLSocket socket = connect(server, own.trust())) {
        socket.setEnabledProtocols(new String[] {protocol});
        socket.startHandshake();
        assertThat(socket.getSession().getProtocol()).isEqualTo(protocol);
      }
    }
    // By hand, for this Java may not even offer 1.0 and 1.1; then 1.2, which is answered.
    assertThat(answered(server, 1)).isFalse();
    assertThat(answered(server, 2)).isFalse();
    assertThat(answered(server, 3)).isTrue();
  }

  /** Whether a handshake that begins by this version is gone on with. */
  private static boolean answered(LinkServer server, int minor) throws IOException {
    String suites = "0006c02bc009c00a";
    String extensions = "0016000a000400020017000b00020100000d000400020403";
    String body = "03%02x".formatted(minor) + "07".repeat(32) + "00" + suites + "0100" + extensions;
    String hello = "01%06x".formatted(body.length() / 2) + body;
    try (Socket socket = new Socket(InetAddress.getLoopbackAddress(), port(server))) {
      socket.setSoTimeout(10_000);
      socket
          .getOutputStream()
          .write(HexFormat.of().parseHex("160301%04x".formatted(hello.length() / 2) + hello));
      return socket.getInputStream().read() == 0x16; // else an alert, or the end
    } catch (SocketException e) {
      return false; // reset
    }
  }

  private static SSLSocket connect(LinkServer server, Trust trust) throws IOException {
    return (SSLSocket)
        trust
            .context()
            .getSocketFactory()
            .createSocket(InetAddress.getLoopbackAddress(), port(server));
  }

  @Test
  void takesACertificateOfTheAddressThatAnAuthorityHasSigned() throws Exception {
    KeyFiles files = TestKeys.make(folder.resolve("here.p12"), "ip:127.0.0.1");
    LinkTls tls = LinkTls.signed(files, TestKeys.certificates(files));
    tls.check("127.0.0.1");
    LinkServer server = serve(desk, Optional.of(tls));

    dial(server.url(), tls.trust());

    NotingDesk.next(desk.hellos);
    NotingDesk.next(desk.heartbeats);
  }

  @Test
  void takesNoCertificateOfAnotherAddressOrAuthority() throws Exception {
    KeyFiles elsewhere = TestKeys.make(folder.resolve("elsewhere.p12"), "ip:192.0.2.1");
    LinkTls tls = LinkTls.signed(elsewhere, TestKeys.certificates(elsewhere));
    tls.check("192.0.2.1");
    assertThatThrownBy(() -> tls.check("127.0.0.1"))
        .isInstanceOf(SSLHandshakeException.class)
        .hasMessageContaining("127.0.0.1");
    dial(serve(thief, Optional.of(tls)).url(), tls.trust());
    assertThat(abandoned.get(40, TimeUnit.SECONDS)).contains("cannot be verified", "127.0.0.1");
    assertThat(thief.shown).isEmpty();

    KeyFiles here = TestKeys.make(folder.resolve("here.p12"), "ip:127.0.0.1");
    LinkTls stranger = LinkTls.signed(here, TestKeys.certificates(elsewhere));
    assertThatThrownBy(() -> stranger.check("127.0.0.1"))
        .isInstanceOf(SSLHandshakeException.class)
        .hasMessageContaining("PKIX");
  }

  @Test
  void showsAnotherCertificateAsSoonAsItsFilesAreThere() throws Exception {
    Path store = folder.resolve("changing.p12");
    KeyFiles files = TestKeys.make(store, "ip:127.0.0.1");
    List<Certificate> first = TestKeys.certificates(files);
    LinkServer server = serve(desk, Optional.of(LinkTls.signed(files, first)));
    assertThat(shown(server, first)).isEqualTo(first.get(0));

    Path next = folder.resolve("next.p12");
    List<Certificate> second = TestKeys.certificates(TestKeys.make(next, "ip:127.0.0.1"));
    Files.writeString(store, "half");
    assertThat(shown(server, first)).isEqualTo(first.get(0));
    Files.move(next, store, StandardCopyOption.REPLACE_EXISTING);

    assertThat(shown(server, second)).isEqualTo(second.get(0));
  }

  private static Certificate shown(LinkServer server, List<Certificate> trusted) throws Exception {
    try (SSLSocket socket = connect(server, Trust.inAuthorities(trusted))) {
      socket.startHandshake();
      return socket.getSession().getPeerCertificates()[0];
    }
  }

  @Test
  void makesItsOwnCertificateOnceForItsOwnUserAlone() throws Exception {
    Path own = folder.resolve("link-tls");
    Path left = Files.createDirectory(folder.resolve("link-tls.part"));
    Files.writeString(left.resolve("key.pem"), "half, of a server that was killed");

    Trust first = LinkTls.pinned(OwnCertificate.in(own)).trust();

    assertThat(LinkTls.pinned(OwnCertificate.in(own)).trust()).isEqualTo(first);
    assertThat(left).doesNotExist();
    assertThat(permissions(own)).isEqualTo("rwx------");
    try (Stream<Path> files = Files.list(own)) {
      List<Path> all = files.sorted().toList();
      assertThat(all)
          .extracting(file -> file.getFileName().toString())
          .containsExactly("certificate.pem", "key.pem");
      for (Path file : all) {
        assertThat(permissions(file)).isEqualTo("rw-------");
      }
    }
  }

  private static String permissions(Path file) throws IOException {
    return PosixFilePermissions.toString(Files.getPosixFilePermissions(file));
  }
}
