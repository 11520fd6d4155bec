package spark.jobserver.auth.oidc;

import com.nimbusds.jose.JOSEException;
import com.nimbusds.jose.JOSEObjectType;
import com.nimbusds.jose.JWSAlgorithm;
import com.nimbusds.jose.JWSHeader;
import com.nimbusds.jose.crypto.ECDSASigner;
import com.nimbusds.jose.crypto.MACSigner;
import com.nimbusds.jose.crypto.RSASSASigner;
import com.nimbusds.jose.jwk.Curve;
import com.nimbusds.jose.jwk.ECKey;
import com.nimbusds.jose.jwk.JWKSet;
import com.nimbusds.jose.jwk.RSAKey;
import com.nimbusds.jose.jwk.gen.ECKeyGenerator;
import com.nimbusds.jose.jwk.gen.RSAKeyGenerator;
import com.nimbusds.jwt.JWTClaimsSet;
import com.nimbusds.jwt.SignedJWT;
import java.io.IOException;
import java.time.Instant;
import java.util.Date;
import java.util.List;
import java.util.concurrent.atomic.AtomicInteger;

/** Issues tokens, and gives out its keys. */
final class Provider implements Keys.Source {
  static final String ISSUER = "https://id.example.com/jobs";
  static final String AUDIENCE = "jobserver";
  final AtomicInteger fetches = new AtomicInteger();
  volatile boolean answers = true;
  private final ECKey other;
  private volatile RSAKey key;

  Provider() {
    try {
      other = new ECKeyGenerator(Curve.P_256).keyID("ec").generate();
    } catch (JOSEException e) {
      throw new IllegalStateException(e);
    }
    rotate("first");
  }

  /** Signs with another key from now on, and no longer gives out the last. */
  void rotate(String id) {
    try {
      key = new RSAKeyGenerator(2048).keyID(id).generate();
    } catch (JOSEException e) {
      throw new IllegalStateException(e);
    }
  }

  JWKSet keys() {
    return new JWKSet(List.of(key.toPublicJWK(), other.toPublicJWK()));
  }

  @Override
  public JWKSet fetch() throws IOException {
    fetches.incrementAndGet();
    if (!answers) {
      throw new IOException("nobody is there");
    }
    return keys();
  }

  /** What a good token says, as of now. */
  static JWTClaimsSet.Builder claims() {
    return new JWTClaimsSet.Builder()
        .issuer(ISSUER)
        .audience(List.of("others", AUDIENCE))
        .subject("ada")
        .claim("roles", List.of("science", "staff"))
        .expirationTime(Date.from(Instant.now().plusSeconds(60)));
  }

  String token(JWTClaimsSet.Builder claims) {
    return token(claims, new JWSHeader.Builder(JWSAlgorithm.RS256).keyID(key.getKeyID()));
  }

  String token(JWTClaimsSet.Builder claims, JWSHeader.Builder header) {
    SignedJWT token = new SignedJWT(header.build(), claims.build());
    try {
      token.sign(new RSASSASigner(key));
      return token.serialize();
    } catch (JOSEException e) {
      throw new IllegalStateException(e);
    }
  }

  /** One of the type of access tokens (RFC 9068). */
  String accessToken() {
    return token(
        claims(),
        new JWSHeader.Builder(JWSAlgorithm.RS256)
            .keyID(key.getKeyID())
            .type(new JOSEObjectType("at+jwt")));
  }

  String byEllipticCurve() throws JOSEException {
    SignedJWT token =
        new SignedJWT(
            new JWSHeader.Builder(JWSAlgorithm.ES256).keyID("ec").build(), claims().build());
    token.sign(new ECDSASigner(other));
    return token.serialize();
  }

  /** One that is signed with what is public, taken for a secret that both ends know. */
  String byPublicKeyAsSecret() throws JOSEException {
    SignedJWT token =
        new SignedJWT(
            new JWSHeader.Builder(JWSAlgorithm.HS256).keyID(key.getKeyID()).build(),
            claims().build());
    token.sign(new MACSigner(key.toRSAPublicKey().getEncoded()));
    return token.serialize();
  }
}
