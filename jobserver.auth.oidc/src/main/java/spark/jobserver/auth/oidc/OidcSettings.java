package spark.jobserver.auth.oidc;

import com.typesafe.config.ConfigException;
import com.typesafe.config.ConfigFactory;
import java.net.InetAddress;
import java.net.URI;
import java.net.UnknownHostException;
import java.time.Duration;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import spark.jobserver.api.auth.Members;

/**
 * What the configuration says, checked.
 *
 * @param jwks where the issuer's keys are; empty when the issuer says that
 * @param algorithms by which tokens may be signed, by their names
 */
record OidcSettings(
    String issuer,
    String audience,
    Optional<URI> jwks,
    List<String> algorithms,
    Duration clockSkew,
    String nameClaim,
    String rolesClaim,
    Members members) {
  private static final String PREFIX = OidcConfig.PID + ".oidc.";

  /** With public keys alone: a key that both ends know would let this server make tokens. */
  private static final Set<String> ALGORITHMS =
      Set.of("RS256", "RS384", "RS512", "PS256", "PS384", "PS512", "ES256", "ES384", "ES512");

  private static final Duration LARGEST_SKEW = Duration.ofMinutes(5);

  /**
   * Reads it.
   *
   * @throws IllegalArgumentException naming the key whose value cannot be used, and why
   */
  static OidcSettings of(OidcConfig config) {
    String issuer = required("issuer", config.oidc_issuer());
    uri("issuer", issuer);
    return new OidcSettings(
        issuer,
        required("audience", config.oidc_audience()),
        config.oidc_jwks$_$uri().isEmpty()
            ? Optional.empty()
            : Optional.of(uri("jwks-uri", config.oidc_jwks$_$uri())),
        algorithms(List.of(config.oidc_algorithms())),
        skew(config.oidc_clock$_$skew()),
        required("name-claim", config.oidc_name$_$claim()),
        required("roles-claim", config.oidc_roles$_$claim()),
        new Members(
            List.of(config.oidc_roles_admin()),
            List.of(config.oidc_roles_user()),
            List.of(config.oidc_roles_tenant()),
            List.of(config.oidc_roles_reader())));
  }

  private static String required(String key, String value) {
    if (value.isBlank()) {
      throw wrong(key, "is empty: tokens of a provider cannot be known without it");
    }
    return value;
  }

  private static List<String> algorithms(List<String> algorithms) {
    for (String algorithm : algorithms) {
      if (!ALGORITHMS.contains(algorithm)) {
        throw wrong(
            "algorithms",
            "has \"%s\": it is a list of %s"
                .formatted(algorithm, String.join(", ", ALGORITHMS.stream().sorted().toList())));
      }
    }
    if (algorithms.isEmpty()) {
      throw wrong("algorithms", "is empty, so that no token could be valid");
    }
    return algorithms;
  }

  private static Duration skew(String text) {
    Duration skew;
    try {
      skew = ConfigFactory.parseMap(Map.of("value", text)).getDuration("value");
    } catch (ConfigException e) {
      throw wrong("clock-skew", "is \"" + text + "\", which is no duration, such as \"30 s\"");
    }
    if (skew.isNegative() || skew.compareTo(LARGEST_SKEW) > 0) {
      throw wrong("clock-skew", "is \"" + text + "\": it is from 0 to 5 minutes");
    }
    return skew;
  }

  /** An address whose answers nobody on the way can change. */
  static URI uri(String key, String text) {
    URI uri;
    try {
      uri = URI.create(text);
    } catch (IllegalArgumentException e) {
      throw wrong(key, "is \"" + text + "\", which is no URL");
    }
    boolean https = "https".equals(uri.getScheme()) && uri.getHost() != null;
    if (!https && !("http".equals(uri.getScheme()) && isLoopback(uri.getHost()))) {
      throw wrong(
          key,
          "is \""
              + text
              + "\": it is a URL that begins with https://, or with http:// on the"
              + " loopback");
    }
    return uri;
  }

  private static boolean isLoopback(String host) {
    try {
      // Of nothing, this would be the loopback.
      return host != null && InetAddress.getByName(host).isLoopbackAddress();
    } catch (UnknownHostException e) {
      return false;
    }
  }

  private static IllegalArgumentException wrong(String key, String why) {
    return new IllegalArgumentException(PREFIX + key + " " + why);
  }
}
