package spark.jobserver.auth.oidc;

import static java.nio.charset.StandardCharsets.UTF_8;
import static org.assertj.core.api.Assertions.assertThat;

import com.nimbusds.jose.JOSEException;
import com.nimbusds.jose.JOSEObjectType;
import com.nimbusds.jose.JWSAlgorithm;
import com.nimbusds.jose.JWSHeader;
import com.nimbusds.jwt.JWTClaimsSet;
import com.nimbusds.jwt.PlainJWT;
import java.net.InetSocketAddress;
import java.security.cert.X509Certificate;
import java.time.Clock;
import java.time.Duration;
import java.time.Instant;
import java.util.Base64;
import java.util.Date;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Random;
import java.util.Set;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import spark.jobserver.api.auth.Authentication;
import spark.jobserver.api.auth.Identity;
import spark.jobserver.api.auth.IncomingRequest;
import spark.jobserver.api.auth.Members;
import spark.jobserver.api.auth.Role;

@Timeout(60)
class OidcAuthenticatorTest {
  private static final Authentication WRONG = new Authentication.Wrong("The token is not valid.");
  private final Provider provider = new Provider();
  private final OidcAuthenticator authenticator = with("sub", "roles");

  private OidcAuthenticator with(String nameClaim, String rolesClaim) {
    return new OidcAuthenticator(
        new OidcSettings(
            Provider.ISSUER,
            Provider.AUDIENCE,
            Optional.empty(),
            List.of("RS256"),
            Duration.ofSeconds(30),
            nameClaim,
            rolesClaim,
            new Members(List.of("operators"), List.of("science"), List.of(), List.of("guests"))),
        new Keys(provider, Clock.systemUTC()));
  }

  private static IncomingRequest request(String... authorization) {
    return new IncomingRequest() {
      @Override
      public List<String> headers(String name) {
        return name.equals("Authorization") ? List.of(authorization) : List.of();
      }

      @Override
      public InetSocketAddress client() {
        throw new AssertionError("it does not matter from where a token comes");
      }

      @Override
      public InetSocketAddress server() {
        throw new AssertionError("it does not matter from where a token comes");
      }

      @Override
      public String connection() {
        throw new AssertionError("it does not matter from where a token comes");
      }

      @Override
      public List<X509Certificate> certificates() {
        throw new AssertionError("it does not matter who brings a token");
      }
    };
  }

  private Authentication bearing(String token) {
    return authenticator.authenticate(request("Bearer " + token));
  }

  private Authentication claiming(JWTClaimsSet.Builder claims) {
    return bearing(provider.token(claims));
  }

  private static Authentication known(String name, Set<String> permissions) {
    return new Authentication.Known(new Identity(name, "oidc", permissions, false));
  }

  @Test
  void knowsWhoHasATokenOfTheIssuerForThisServer() {
    Authentication ada = known("ada", Role.USER.permissions());
    assertThat(claiming(Provider.claims())).isEqualTo(ada);
    assertThat(claiming(Provider.claims().audience(Provider.AUDIENCE))).isEqualTo(ada);
    assertThat(bearing(provider.accessToken())).isEqualTo(ada);
    assertThat(
            authenticator.authenticate(
                request("bearer  " + provider.token(Provider.claims()) + " ")))
        .isEqualTo(ada);
    assertThat(provider.fetches).hasValue(1);
  }

  @Test
  void leavesOtherWaysToOthers() {
    for (IncomingRequest other :
        List.of(
            request(), request("Bearer abc"), request("Basic YS5iOmMuZA=="), request("Bearer"))) {
      assertThat(authenticator.authenticate(other)).isEqualTo(new Authentication.Absent());
    }
    assertThat(provider.fetches).hasValue(0);
  }

  @Test
  void refusesWhatTheIssuerHasNotSignedForThisServerNow() {
    Instant now = Instant.now();
    for (JWTClaimsSet.Builder claims :
        List.of(
            Provider.claims().issuer("https://id.example.com/other"),
            Provider.claims().issuer(null),
            Provider.claims().audience("others"),
            Provider.claims().audience(List.of()),
            Provider.claims().expirationTime(null),
            Provider.claims().expirationTime(Date.from(now.minusSeconds(31))),
            Provider.claims().notBeforeTime(Date.from(now.plusSeconds(60))),
            Provider.claims().subject(null),
            Provider.claims().subject(" "),
            Provider.claims().subject("a\nb"),
            Provider.claims().subject("a".repeat(257)),
            Provider.claims().claim("sub", List.of("ada")))) {
      assertThat(claiming(claims)).as("%s", claims.build()).isEqualTo(WRONG);
    }
  }

  @Test
  void clocksMayBeApart() {
    Instant now = Instant.now();
    assertThat(claiming(Provider.claims().expirationTime(Date.from(now.minusSeconds(15)))))
        .isInstanceOf(Authentication.Known.class);
    assertThat(claiming(Provider.claims().notBeforeTime(Date.from(now.plusSeconds(15)))))
        .isInstanceOf(Authentication.Known.class);
  }

  @Test
  void refusesAlgorithmsThatAreNotConfigured() throws JOSEException {
    assertThat(bearing(new PlainJWT(Provider.claims().build()).serialize())).isEqualTo(WRONG);
    assertThat(bearing(provider.byEllipticCurve())).isEqualTo(WRONG);
    assertThat(bearing(provider.byPublicKeyAsSecret())).isEqualTo(WRONG);
    assertThat(
            bearing(
                provider.token(
                    Provider.claims(), new JWSHeader.Builder(JWSAlgorithm.RS512).keyID("first"))))
        .isEqualTo(WRONG);
    String[] parts = provider.token(Provider.claims()).split("\\.", -1);
    for (String algorithm : List.of("none", "None", "NONE", "")) {
      String header =
          Base64.getUrlEncoder()
              .withoutPadding()
              .encodeToString("{\"alg\":\"%s\"}".formatted(algorithm).getBytes(UTF_8));
      assertThat(bearing(header + "." + parts[1] + ".")).as(algorithm).isEqualTo(WRONG);
      assertThat(bearing(header + "." + parts[1] + "." + parts[2])).isEqualTo(WRONG);
    }
  }

  @Test
  void refusesTokensOfOtherKindsAndKeysThatTheTokenBrings() {
    assertThat(
            bearing(
                provider.token(
                    Provider.claims(),
                    new JWSHeader.Builder(JWSAlgorithm.RS256)
                        .keyID("first")
                        .type(new JOSEObjectType("logout+jwt")))))
        .isEqualTo(WRONG);
    Provider attacker = new Provider();
    assertThat(bearing(attacker.token(Provider.claims()))).isEqualTo(WRONG);
    assertThat(
            bearing(
                attacker.token(
                    Provider.claims(),
                    new JWSHeader.Builder(JWSAlgorithm.RS256)
                        .jwk(attacker.keys().getKeys().get(0)))))
        .isEqualTo(WRONG);
  }

  @Test
  void refusesWhatIsNoToken() {
    String right = provider.token(Provider.claims());
    assertThat(authenticator.authenticate(request("Bearer " + right, "Bearer " + right)))
        .isEqualTo(WRONG);
    assertThat(bearing(right + "a".repeat(20_000))).isEqualTo(WRONG);
    for (String text :
        List.of(".", "..", "...", "....", "a.b.c", "a.b.c.d.e", "e30.e30.e30", "ä.ö.ü")) {
      assertThat(bearing(text)).as(text).isEqualTo(WRONG);
    }
    Random random = new Random(1);
    for (int i = 0; i < 2000; i++) {
      StringBuilder changed = new StringBuilder(right);
      for (int j = 0; j < 3; j++) {
        changed.setCharAt(random.nextInt(right.length() - 1), (char) (33 + random.nextInt(94)));
      }
      if (!changed.toString().equals(right) && changed.indexOf(".") >= 0) {
        assertThat(bearing(changed.toString())).as("%s", changed).isEqualTo(WRONG);
      }
    }
  }

  @Test
  void rolesAreOfTheClaimThatIsConfigured() {
    JWTClaimsSet.Builder claims =
        Provider.claims()
            .claim("realm_access", Map.of("roles", List.of("operators", 7)))
            .claim("https://example.com/roles", List.of("guests"))
            .claim("scope", "openid guests")
            .claim("email", "ada@example.com");
    IncomingRequest request = request("Bearer " + provider.token(claims));
    assertThat(with("email", "realm_access.roles").authenticate(request))
        .isEqualTo(known("ada@example.com", Set.of("*")));
    for (String claim : List.of("https://example.com/roles", "scope")) {
      assertThat(with("sub", claim).authenticate(request))
          .isEqualTo(known("ada", Role.READER.permissions()));
    }
    for (String claim : List.of("nothing", "roles.deeper", "realm_access", "exp", ".")) {
      assertThat(with("sub", claim).authenticate(request))
          .as(claim)
          .isEqualTo(known("ada", Set.of()));
    }
  }

  @Test
  void cannotTellWithoutTheKeys() {
    provider.answers = false;
    assertThat(claiming(Provider.claims())).isInstanceOf(Authentication.Unavailable.class);
  }
}
