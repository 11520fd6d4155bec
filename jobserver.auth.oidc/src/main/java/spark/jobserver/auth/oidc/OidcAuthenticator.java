package spark.jobserver.auth.oidc;

import com.nimbusds.jose.JOSEException;
import com.nimbusds.jose.JOSEObjectType;
import com.nimbusds.jose.JWSAlgorithm;
import com.nimbusds.jose.KeySourceException;
import com.nimbusds.jose.proc.BadJOSEException;
import com.nimbusds.jose.proc.DefaultJOSEObjectTypeVerifier;
import com.nimbusds.jose.proc.JWSVerificationKeySelector;
import com.nimbusds.jose.proc.SecurityContext;
import com.nimbusds.jwt.JWT;
import com.nimbusds.jwt.JWTClaimsSet;
import com.nimbusds.jwt.JWTParser;
import com.nimbusds.jwt.proc.DefaultJWTClaimsVerifier;
import com.nimbusds.jwt.proc.DefaultJWTProcessor;
import java.text.ParseException;
import java.util.Collection;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import java.util.stream.Collectors;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;
import spark.jobserver.api.auth.Authentication;
import spark.jobserver.api.auth.Authenticator;
import spark.jobserver.api.auth.Identity;
import spark.jobserver.api.auth.IncomingRequest;

/**
 * Knows whoever has a token of an OpenID Connect provider, by {@code Authorization: Bearer TOKEN}:
 * a JSON Web Token that the configured issuer has signed for the configured audience, by one of the
 * configured algorithms, and that has not expired.
 */
final class OidcAuthenticator implements Authenticator {
  private static final Logger LOG = LoggerFactory.getLogger(OidcAuthenticator.class);

  /** Other tokens have no dots, and are of other ways. */
  private static final Pattern BEARER = Pattern.compile("(?i:Bearer)\\s+([^\\s.]*\\.\\S*)\\s*");

  private static final int LONGEST_TOKEN = 16 * 1024;
  private static final int LONGEST_NAME = 256;
  private static final Authentication ABSENT = new Authentication.Absent();
  private static final Authentication WRONG = new Authentication.Wrong("The token is not valid.");
  private static final Authentication UNAVAILABLE =
      new Authentication.Unavailable(
          "The keys of the issuer of tokens are not known now. Try again.");

  private final OidcSettings settings;
  private final DefaultJWTProcessor<SecurityContext> processor = new DefaultJWTProcessor<>();

  OidcAuthenticator(OidcSettings settings, Keys keys) {
    this.settings = settings;
    processor.setJWSTypeVerifier(
        new DefaultJOSEObjectTypeVerifier<>(
            JOSEObjectType.JWT, new JOSEObjectType("at+jwt"), null));
    processor.setJWSKeySelector(
        new JWSVerificationKeySelector<>(
            settings.algorithms().stream().map(JWSAlgorithm::parse).collect(Collectors.toSet()),
            keys));
    DefaultJWTClaimsVerifier<SecurityContext> claims =
        new DefaultJWTClaimsVerifier<>(
            settings.audience(),
            new JWTClaimsSet.Builder().issuer(settings.issuer()).build(),
            Set.of("exp"));
    claims.setMaxClockSkew((int) settings.clockSkew().toSeconds());
    processor.setJWTClaimsSetVerifier(claims);
  }

  @Override
  public Authentication authenticate(IncomingRequest request) {
    List<String> given = request.headers("Authorization");
    Optional<String> token =
        given.stream()
            .map(BEARER::matcher)
            .filter(Matcher::matches)
            .map(bearer -> bearer.group(1))
            .findFirst();
    if (token.isEmpty()) {
      return ABSENT;
    }
    return given.size() > 1 || token.get().length() > LONGEST_TOKEN
        ? WRONG
        : authenticate(token.get());
  }

  private Authentication authenticate(String token) {
    Optional<JWT> read = read(token);
    if (read.isEmpty()) {
      return WRONG;
    }
    try {
      JWTClaimsSet claims = processor.process(read.get(), null);
      // A claim may be there and null.
      return name(claims)
          .filter(name -> claims.getExpirationTime() != null)
          .<Authentication>map(
              name ->
                  new Authentication.Known(
                      new Identity(
                          name,
                          ConfiguredOidc.WAY,
                          settings.members().permissions(memberships(claims)),
                          false)))
          .orElse(WRONG);
    } catch (KeySourceException e) {
      return UNAVAILABLE;
    } catch (BadJOSEException | JOSEException e) {
      LOG.debug("a token is not valid: {}", e.getMessage());
      return WRONG;
    }
  }

  /** The token, whose signature is not looked at yet; empty when it is none. */
  private static Optional<JWT> read(String token) {
    try {
      return Optional.of(JWTParser.parse(token));
    } catch (ParseException | RuntimeException e) {
      // Anybody may send anything, and not all of it is expected there.
      LOG.debug("a token cannot be read", e);
      return Optional.empty();
    }
  }

  private Optional<String> name(JWTClaimsSet claims) {
    Optional<String> name =
        Optional.ofNullable(claims.getClaim(settings.nameClaim()))
            .filter(String.class::isInstance)
            .map(String.class::cast)
            .filter(text -> !text.isBlank() && text.length() <= LONGEST_NAME)
            .filter(text -> text.chars().noneMatch(Character::isISOControl));
    if (name.isEmpty()) {
      LOG.debug("a token has no name in its claim {}", settings.nameClaim());
    }
    return name;
  }

  /** What the caller is in. A claim whose own name has dots in it is found, too. */
  private Collection<String> memberships(JWTClaimsSet claims) {
    String path = settings.rolesClaim();
    Object found = claims.getClaim(path);
    if (found == null) {
      found = claims.getClaims();
      for (String step : path.split("\\.", -1)) {
        found = found instanceof Map<?, ?> object ? object.get(step) : null;
      }
    }
    if (found instanceof String words) {
      return List.of(words.strip().split("\\s+"));
    }
    return found instanceof Collection<?> list
        ? list.stream().filter(String.class::isInstance).map(String.class::cast).toList()
        : List.of();
  }

  @Override
  public String challenge() {
    return "Bearer realm=\"jobserver\"";
  }
}
