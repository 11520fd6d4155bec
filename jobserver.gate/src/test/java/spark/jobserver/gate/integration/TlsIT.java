package spark.jobserver.gate.integration;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.io.IOException;
import java.io.InputStream;
import java.net.InetAddress;
import java.net.Socket;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardCopyOption;
import java.nio.file.attribute.PosixFilePermissions;
import java.security.GeneralSecurityException;
import java.security.KeyStore;
import java.security.cert.CertificateFactory;
import java.security.cert.X509Certificate;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.concurrent.CopyOnWriteArrayList;
import java.util.stream.Stream;
import javax.net.ssl.KeyManagerFactory;
import javax.net.ssl.SSLContext;
import javax.net.ssl.SSLSocket;
import javax.net.ssl.TrustManagerFactory;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;
import spark.jobserver.gate.Pem;

/** TLS, and what authenticators see of clients' certificates. */
@Timeout(60)
class TlsIT {
  @TempDir static Path folder;
  private static final List<List<X509Certificate>> seen = new CopyOnWriteArrayList<>();
  private static Server server;

  @BeforeAll
  static void start() throws Exception {
    Pem.make(folder, "server", "EC");
    Pem.make(folder, "ada", "EC");
    Pem.make(folder, "eve", "EC");
    server = new Server(folder);
    server.tls =
        Map.of(
            "certificate",
            folder.resolve("server.crt").toString(),
            "key",
            folder.resolve("server.key").toString(),
            "client-authorities",
            folder.resolve("ada.crt").toString(),
            "client-certificates",
            "wanted");
    server.authentication =
        request -> {
          seen.add(request.certificates());
          return Server.known("ada", Set.of("*"), true);
        };
    server.configure(List.of(), List.of());
    server.gate.start();
    Server.until(server::listens);
  }

  @AfterAll
  static void stop() throws Exception {
    server.close();
  }

  private static SSLContext client(String certificate, String trusted) {
    try {
      KeyStore authorities = KeyStore.getInstance("PKCS12");
      authorities.load(null, null);
      try (InputStream in = Files.newInputStream(folder.resolve(trusted))) {
        authorities.setCertificateEntry(
            "server", CertificateFactory.getInstance("X.509").generateCertificate(in));
      }
      TrustManagerFactory trust =
          TrustManagerFactory.getInstance(TrustManagerFactory.getDefaultAlgorithm());
      trust.init(authorities);
      KeyManagerFactory keys =
          KeyManagerFactory.getInstance(KeyManagerFactory.getDefaultAlgorithm());
      if (!certificate.isEmpty()) {
        keys.init(Pem.store(folder.resolve(certificate)), Pem.PASSWORD.toCharArray());
      }
      SSLContext context = SSLContext.getInstance("TLS");
      context.init(
          certificate.isEmpty() ? null : keys.getKeyManagers(), trust.getTrustManagers(), null);
      return context;
    } catch (GeneralSecurityException | IOException e) {
      throw new IllegalStateException(e);
    }
  }

  private static String get(SSLContext client, String protocol, String path) throws IOException {
    try (SSLSocket socket =
        (SSLSocket)
            client
                .getSocketFactory()
                .createSocket(InetAddress.getLoopbackAddress(), server.port())) {
      socket.setEnabledProtocols(new String[] {protocol});
      socket.setSoTimeout(30_000);
      socket
          .getOutputStream()
          .write(
              ("GET " + path + " HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n\r\n")
                  .getBytes(StandardCharsets.US_ASCII));
      return new String(socket.getInputStream().readAllBytes(), StandardCharsets.UTF_8);
    }
  }

  @Test
  void isSpokenOnThePortAndNothingElse() throws Exception {
    for (String protocol : List.of("TLSv1.2", "TLSv1.3")) {
      assertThat(get(client("", "server.crt"), protocol, "/plugin/echo"))
          .startsWith("HTTP/1.1 200 ");
    }
    try (Socket plain = new Socket(InetAddress.getLoopbackAddress(), server.port())) {
      plain
          .getOutputStream()
          .write("GET /healthz HTTP/1.0\r\n\r\n".getBytes(StandardCharsets.US_ASCII));
      assertThat(new String(plain.getInputStream().readAllBytes(), StandardCharsets.ISO_8859_1))
          .doesNotContain("HTTP");
    }
    assertThatThrownBy(() -> get(client("", "eve.crt"), "TLSv1.3", "/plugin/echo"))
        .isInstanceOf(IOException.class);
  }

  @Test
  void authenticatorsSeeTheCertificateOfAClientThatHasOneOfTheAuthority() throws Exception {
    seen.clear();
    assertThat(get(client("ada.p12", "server.crt"), "TLSv1.3", "/plugin/echo"))
        .startsWith("HTTP/1.1 200 ");
    assertThat(get(client("", "server.crt"), "TLSv1.3", "/plugin/echo"))
        .startsWith("HTTP/1.1 200 ");
    assertThat(seen).hasSize(2);
    assertThat(seen.get(0))
        .singleElement()
        .satisfies(one -> assertThat(one.getSubjectX500Principal().getName()).isEqualTo("CN=ada"));
    assertThat(seen.get(1)).isEmpty();
    // A client that keeps to what it is asked for does not show what others have signed.
    get(client("eve.p12", "server.crt"), "TLSv1.3", "/plugin/echo");
    assertThat(seen.get(2)).isEmpty();
  }

  @Test
  void keysAreKeptForTheOwnerAlone() throws Exception {
    try (Stream<Path> files = Files.walk(folder.resolve("cache"))) {
      List<Path> stores = files.filter(file -> file.toString().endsWith(".p12")).toList();
      assertThat(stores).hasSize(2);
      for (Path store : stores) {
        assertThat(PosixFilePermissions.toString(Files.getPosixFilePermissions(store)))
            .isEqualTo("rw-------");
      }
    }
  }

  @Test
  void anotherCertificateIsTakenWhenItsFilesAreThere() throws Exception {
    Path other = Files.createDirectory(folder.resolve("other"));
    Pem.make(other, "server", "RSA");
    Files.copy(folder.resolve("server.crt"), folder.resolve("old.crt"));
    // First one without the other: the server goes on.
    Files.move(
        other.resolve("server.key"),
        folder.resolve("server.key"),
        StandardCopyOption.REPLACE_EXISTING);
    assertThat(get(client("", "old.crt"), "TLSv1.3", "/plugin/echo")).startsWith("HTTP/1.1 200 ");
    Files.move(
        other.resolve("server.crt"),
        folder.resolve("server.crt"),
        StandardCopyOption.REPLACE_EXISTING);
    SSLContext next = client("", "server.crt");
    Server.until(
        () -> {
          try {
            return get(next, "TLSv1.3", "/plugin/echo").startsWith("HTTP/1.1 200 ");
          } catch (IOException e) {
            return false;
          }
        });
  }
}
