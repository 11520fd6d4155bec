package spark.jobserver.core.context;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.io.IOException;
import java.lang.annotation.Annotation;
import java.lang.reflect.Proxy;
import java.net.InetAddress;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Map;
import java.util.Optional;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import spark.jobserver.core.config.LinkTlsConfig;
import spark.jobserver.link.server.LinkTls;
import spark.jobserver.link.server.OwnCertificate;

class LinkSecurityTest {
  private static final String LOOPBACK = "127.0.0.1";
  private static final String NETWORK = "192.0.2.1";

  @TempDir static Path folder;

  @BeforeAll
  static void make() throws Exception {
    OwnCertificate.in(folder.resolve("given"));
    OwnCertificate.in(folder.resolve("another"));
  }

  private static Optional<LinkTls> of(Map<String, String> values, String address)
      throws IOException {
    LinkTlsConfig config =
        (LinkTlsConfig)
            Proxy.newProxyInstance(
                LinkTlsConfig.class.getClassLoader(),
                new Class<?>[] {LinkTlsConfig.class, Annotation.class},
                (proxy, method, arguments) ->
                    values.getOrDefault(method.getName(), (String) method.getDefaultValue()));
    return LinkSecurity.of(config, InetAddress.getByName(address), folder.resolve("made"));
  }

  private static String given(String file) {
    return folder.resolve("given").resolve(file).toString();
  }

  private static Map<String, String> given(String key, String authorities) {
    return Map.of("certificate", given("certificate.pem"), "key", key, "authorities", authorities);
  }

  @Test
  void is_off_on_the_loopback_and_on_elsewhere_until_it_is_said() throws Exception {
    assertThat(of(Map.of(), LOOPBACK)).isEmpty();
    assertThat(of(Map.of(), "::1")).isEmpty();
    assertThat(folder.resolve("made")).doesNotExist();
    LinkTls made = of(Map.of(), NETWORK).orElseThrow();
    assertThat(of(Map.of("enabled", "true"), LOOPBACK).orElseThrow().trust())
        .isEqualTo(made.trust());
    assertThat(made.trust().certificate())
        .isEqualTo(Files.readString(folder.resolve("made").resolve("certificate.pem")));
    assertThat(of(Map.of("enabled", "false"), NETWORK)).isEmpty();
  }

  @Test
  void what_cannot_be_used_is_named() {
    isWrong(Map.of("enabled", "maybe"), "enabled is \"maybe\": it is auto, true or false");
    isWrong(Map.of("certificate", "x"), "key is empty: a certificate and its key belong together");
    isWrong(Map.of("certificate", "x", "key", "x"), "authorities is empty");
    isWrong(
        Map.of("enabled", "true", "authorities", "x"),
        "certificate is empty, but authorities is not");
    isWrong(given(given("key.pem"), given("missing")), "authorities is ", "missing");
    isWrong(given(given("missing"), given("certificate.pem")), "key is ", "missing");
    String another = folder.resolve("another").toString();
    isWrong(
        given(another + "/key.pem", given("certificate.pem")),
        "key is ",
        "which is not the key of the first certificate of");
  }

  @Test
  void a_certificate_that_drivers_would_refuse_is_refused_at_once() {
    String another = folder.resolve("another").resolve("certificate.pem").toString();
    isWrong(
        given(given("key.pem"), another), "drivers, which dial 127.0.0.1, would refuse", "PKIX");
    isWrong(
        given(given("key.pem"), given("certificate.pem")),
        "drivers, which dial 127.0.0.1, would refuse",
        "subject alternative");
  }

  private static void isWrong(Map<String, String> values, String... words) {
    assertThatThrownBy(() -> of(values, LOOPBACK))
        .isInstanceOf(IllegalArgumentException.class)
        .hasMessageStartingWith("spark.jobserver.link-tls.")
        .hasMessageContainingAll(words);
  }
}
