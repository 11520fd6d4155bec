package spark.jobserver.auth.oidc;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.lang.annotation.Annotation;
import java.lang.reflect.Proxy;
import java.net.URI;
import java.time.Duration;
import java.util.HashMap;
import java.util.Map;
import org.junit.jupiter.api.Test;

class OidcSettingsTest {
  private static final String[] NO_STRINGS = {};

  private static OidcSettings with(Map<String, Object> values) {
    Map<String, Object> all =
        new HashMap<>(
            Map.of("oidc_issuer", "https://id.example.com", "oidc_audience", "jobserver"));
    all.putAll(values);
    return OidcSettings.of(
        (OidcConfig)
            Proxy.newProxyInstance(
                OidcConfig.class.getClassLoader(),
                new Class<?>[] {OidcConfig.class, Annotation.class},
                (proxy, method, arguments) ->
                    all.getOrDefault(method.getName(), method.getDefaultValue())));
  }

  @Test
  void anIssuerAndAnAudienceSuffice() {
    OidcSettings settings = with(Map.of());
    assertThat(settings.issuer()).isEqualTo("https://id.example.com");
    assertThat(settings.algorithms()).containsExactly("RS256", "ES256");
    assertThat(settings.clockSkew()).isEqualTo(Duration.ofSeconds(30));
    assertThat(settings.jwks()).isEmpty();
    assertThat(with(Map.of("oidc_jwks$_$uri", "http://127.0.0.1:1/keys")).jwks())
        .contains(URI.create("http://127.0.0.1:1/keys"));
  }

  @Test
  void whatIsWrongIsNamed() {
    isRefused(Map.of("oidc_issuer", ""), "oidc.issuer is empty");
    isRefused(Map.of("oidc_audience", " "), "oidc.audience is empty");
    isRefused(Map.of("oidc_name$_$claim", ""), "oidc.name-claim is empty");
    isRefused(Map.of("oidc_roles$_$claim", ""), "oidc.roles-claim is empty");
    isRefused(
        Map.of("oidc_issuer", "http://id.example.com"),
        "oidc.issuer is \"http://id.example.com\": it is a URL that begins with https://");
    for (String uri : new String[] {"https:/keys", "file:///etc/passwd", "no url", "http:keys"}) {
      isRefused(Map.of("oidc_jwks$_$uri", uri), "oidc.jwks-uri is \"" + uri + "\"");
    }
    for (String algorithm : new String[] {"none", "HS256", "rs256", "EdDSA", ""}) {
      isRefused(
          Map.of("oidc_algorithms", new String[] {"RS256", algorithm}),
          "oidc.algorithms has \"" + algorithm + "\": it is a list of ES256, ");
    }
    isRefused(Map.of("oidc_algorithms", NO_STRINGS), "oidc.algorithms is empty");
    isRefused(Map.of("oidc_clock$_$skew", "soon"), "oidc.clock-skew is \"soon\"");
    isRefused(Map.of("oidc_clock$_$skew", "6 minutes"), "it is from 0 to 5 minutes");
  }

  private static void isRefused(Map<String, Object> values, String words) {
    assertThatThrownBy(() -> with(values))
        .isInstanceOf(IllegalArgumentException.class)
        .hasMessageStartingWith("spark.jobserver.auth.oidc.")
        .hasMessageContaining(words);
  }
}
