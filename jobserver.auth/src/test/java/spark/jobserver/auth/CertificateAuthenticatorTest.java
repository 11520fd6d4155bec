package spark.jobserver.auth;

import static org.assertj.core.api.Assertions.assertThat;

import java.lang.reflect.Proxy;
import java.nio.file.Path;
import java.security.cert.X509Certificate;
import java.time.Duration;
import java.time.Instant;
import java.util.List;
import java.util.Set;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import spark.jobserver.api.auth.Authentication;
import spark.jobserver.api.auth.Identity;
import spark.jobserver.api.auth.IncomingRequest;
import spark.jobserver.api.auth.Members;
import spark.jobserver.api.auth.Role;

class CertificateAuthenticatorTest {
  @TempDir Path folder;
  private final Hand clock = new Hand();
  private final CertificateAuthenticator authenticator =
      new CertificateAuthenticator(
          new Members(
              List.of("CN=ada\\, the first,OU=ops,O=Others"),
              List.of("OU=science"),
              List.of(),
              List.of("O=Example")),
          clock);

  @BeforeEach
  void setTheClock() {
    clock.move(Duration.between(clock.instant(), Instant.now().plusSeconds(3600)));
  }

  private Authentication showing(String subject, String... authorization) throws Exception {
    Path file = folder.resolve(Integer.toHexString(subject.hashCode()) + ".p12");
    X509Certificate certificate =
        (X509Certificate)
            Certificate.read(Certificate.make(file, subject)).getCertificate("server");
    return authenticator.authenticate(request(List.of(certificate), authorization));
  }

  private static IncomingRequest request(
      List<X509Certificate> certificates, String... authorization) {
    return (IncomingRequest)
        Proxy.newProxyInstance(
            IncomingRequest.class.getClassLoader(),
            new Class<?>[] {IncomingRequest.class},
            (proxy, method, arguments) ->
                switch (method.getName()) {
                  case "certificates" -> certificates;
                  case "headers" -> List.of(authorization);
                  default -> throw new AssertionError(method);
                });
  }

  private static Authentication known(String name, Set<String> permissions) {
    return new Authentication.Known(new Identity(name, "certificate", permissions, true));
  }

  @Test
  void theCommonNameIsTheNameAndTheSubjectOrAPartOfItGivesRoles() throws Exception {
    assertThat(showing("CN=ada\\, the first,OU=ops,O=Others"))
        .isEqualTo(known("ada, the first", Set.of("*")));
    assertThat(showing("CN=bob,OU=science,O=Others"))
        .isEqualTo(known("bob", Role.USER.permissions()));
    assertThat(showing("CN=eve,O=Example")).isEqualTo(known("eve", Role.READER.permissions()));
    // What others have written into a name is no part of the subject.
    assertThat(showing("CN=mal\\,OU\\=science,O=Others"))
        .isEqualTo(known("mal,OU=science", Set.of()));
  }

  @Test
  void othersAreNotKnownByIt() throws Exception {
    assertThat(authenticator.authenticate(request(List.of())))
        .isEqualTo(new Authentication.Absent());
    assertThat(showing("CN=bob,OU=science", "Bearer x")).isEqualTo(new Authentication.Absent());
    assertThat(showing("OU=science,O=Example"))
        .isEqualTo(new Authentication.Wrong("The certificate has no common name."));
  }

  @Test
  void aConnectionThatOutlivesItsCertificateIsNobodys() throws Exception {
    clock.move(Duration.ofDays(3));
    assertThat(showing("CN=bob,OU=science"))
        .isEqualTo(new Authentication.Wrong("The certificate is not valid now."));
  }
}
