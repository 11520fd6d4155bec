package spark.jobserver.gate;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.io.IOException;
import java.lang.annotation.Annotation;
import java.lang.reflect.Proxy;
import java.nio.file.Files;
import java.nio.file.Path;
import java.security.KeyStore;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class TlsFilesTest {
  private static final char[] SECRET = "secret".toCharArray();
  @TempDir static Path folder;

  @BeforeAll
  static void make() throws IOException {
    Pem.make(folder, "curve", "EC");
    Pem.make(folder, "other", "EC");
    Pem.make(folder, "prime", "RSA");
    Files.writeString(folder.resolve("password"), Pem.PASSWORD + "\n");
    Files.writeString(folder.resolve("wrong"), "wrong\n");
    Files.writeString(folder.resolve("empty"), "");
    Files.writeString(
        folder.resolve("old.key"),
        Files.readString(folder.resolve("prime.key")).replace("PRIVATE", "RSA PRIVATE"));
    Files.writeString(
        folder.resolve("broken.key"),
        "-----BEGIN PRIVATE KEY-----\nAAAA\n-----END PRIVATE KEY-----\n");
  }

  private static String file(String name) {
    return folder.resolve(name).toString();
  }

  private static Optional<TlsFiles> files(Map<String, String> values) {
    Map<String, String> all = new HashMap<>(values);
    return TlsFiles.of(
        (TlsConfig)
            Proxy.newProxyInstance(
                TlsConfig.class.getClassLoader(),
                new Class<?>[] {TlsConfig.class, Annotation.class},
                (proxy, method, arguments) ->
                    Optional.ofNullable(all.get(method.getName()))
                        .orElse((String) method.getDefaultValue())));
  }

  private static Map<String, String> pem(String certificate, String key) {
    return Map.of("certificate", file(certificate), "key", file(key));
  }

  private static TlsFiles.Content read(Map<String, String> values) {
    return files(values).orElseThrow().read(SECRET);
  }

  @Test
  void thereAreNoneUntilTheyAreConfigured() {
    assertThat(files(Map.of())).isEmpty();
  }

  @Test
  void aCertificateAndItsKeyAreReadAsPemAndFromAStore() throws Exception {
    Map<String, String> store =
        Map.of("key$_$store", file("curve.p12"), "key$_$store$_$password$_$file", file("password"));
    for (Map<String, String> values :
        List.of(pem("curve.crt", "curve.key"), pem("prime.crt", "prime.key"), store)) {
      TlsFiles.Content content = read(values);
      String name = values.values().toString().contains("prime") ? "prime" : "curve";
      KeyStore made = Pem.store(folder.resolve(name + ".p12"));
      assertThat(content.keys().getCertificate("server")).isEqualTo(made.getCertificate("x"));
      assertThat(content.keys().getKey("server", SECRET))
          .isEqualTo(made.getKey("x", Pem.PASSWORD.toCharArray()));
      assertThat(content.authorities().size()).isZero();
    }
  }

  @Test
  void authoritiesOfClientsAreAllThatAreInTheirFile() throws Exception {
    Files.writeString(
        folder.resolve("authorities"),
        Files.readString(folder.resolve("curve.crt"))
            + Files.readString(folder.resolve("prime.crt")));
    Map<String, String> values = new HashMap<>(pem("curve.crt", "curve.key"));
    values.put("client$_$authorities", file("authorities"));
    values.put("client$_$certificates", "wanted");
    assertThat(read(values).authorities().size()).isEqualTo(2);
    assertThat(files(values).orElseThrow().clients()).isEqualTo(TlsFiles.Clients.WANTED);
  }

  @Test
  void theVersionIsAnotherWhenAFileIs() throws Exception {
    Pem.make(folder, "changing", "EC");
    TlsFiles files = files(pem("changing.crt", "changing.key")).orElseThrow();
    List<String> before = files.version();
    assertThat(files.version()).isEqualTo(before);
    Pem.make(folder, "changing", "EC");
    assertThat(files.version()).isNotEqualTo(before);
    Files.delete(folder.resolve("changing.key"));
    assertThat(files.version()).isNotEqualTo(before);
  }

  @Test
  void whatDoesNotFitTogetherIsNamed() {
    isWrong(Map.of("certificate", "x"), "key is empty: a certificate and its key belong together");
    isWrong(Map.of("key", "x"), "certificate is empty");
    isWrong(Map.of("key$_$store", "x"), "key-store-password-file is empty");
    isWrong(
        Map.of("certificate", "x", "key", "x", "key$_$store", "x"),
        "key-store stands in the place of certificate and key");
    isWrong(Map.of("client$_$certificates", "maybe"), "client-certificates is \"maybe\": it is");
    isWrong(Map.of("client$_$certificates", "wanted"), "certificate is empty, but");
    isWrong(
        Map.of("certificate", "x", "key", "x", "client$_$certificates", "required"),
        "client-authorities is empty, but client-certificates is required");
  }

  @Test
  void filesThatCannotBeUsedAreNamed() {
    cannotBeRead(pem("missing.crt", "curve.key"), "certificate is ", "missing.crt");
    cannotBeRead(pem("empty", "curve.key"), "which has no certificate in it");
    cannotBeRead(pem("curve.key", "curve.key"), "certificate is ");
    cannotBeRead(pem("curve.crt", "missing.key"), "key is ", "missing.key");
    cannotBeRead(pem("curve.crt", "other.key"), "which is not the key of the first certificate");
    cannotBeRead(pem("curve.crt", "prime.key"), "which is no key of the kind", "EC");
    cannotBeRead(pem("prime.crt", "broken.key"), "which is no key of the kind", "RSA");
    cannotBeRead(pem("prime.crt", "old.key"), "BEGIN PRIVATE KEY", "openssl pkcs8 -topk8 -nodes");
    cannotBeRead(
        Map.of("key$_$store", file("curve.p12"), "key$_$store$_$password$_$file", file("wrong")),
        "key-store is ",
        "which cannot be read");
    cannotBeRead(
        Map.of("key$_$store", file("curve.p12"), "key$_$store$_$password$_$file", file("none")),
        "key-store-password-file is ");
  }

  private static void isWrong(Map<String, String> values, String words) {
    assertThatThrownBy(() -> files(values))
        .isInstanceOf(IllegalArgumentException.class)
        .hasMessageStartingWith("spark.jobserver.tls.")
        .hasMessageContaining(words);
  }

  private static void cannotBeRead(Map<String, String> values, String... words) {
    assertThatThrownBy(() -> read(values))
        .isInstanceOf(IllegalArgumentException.class)
        .hasMessageStartingWith("spark.jobserver.tls.")
        .hasMessageContainingAll(words);
  }
}
