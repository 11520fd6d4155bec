package spark.jobserver.auth.oidc;

import com.nimbusds.jose.jwk.JWKSet;
import com.nimbusds.jose.util.DefaultResourceRetriever;
import com.nimbusds.jose.util.JSONObjectUtils;
import java.io.IOException;
import java.net.URI;
import java.text.ParseException;
import java.util.Optional;

/** The keys of an issuer, from where they are. Each call asks the issuer anew. */
final class FetchedKeys implements Keys.Source {
  private static final int CONNECT_MILLIS = 3000;
  private static final int READ_MILLIS = 3000;
  private static final int LARGEST_BYTES = 256 * 1024;
  private static final String DISCOVERY = "/.well-known/openid-configuration";

  private final String issuer;
  private final Optional<URI> jwks;
  private final DefaultResourceRetriever retriever =
      new DefaultResourceRetriever(CONNECT_MILLIS, READ_MILLIS, LARGEST_BYTES);

  /**
   * Keys.
   *
   * @param jwks where they are; empty to ask the issuer
   */
  FetchedKeys(String issuer, Optional<URI> jwks) {
    this.issuer = issuer;
    this.jwks = jwks;
  }

  @Override
  public JWKSet fetch() throws IOException {
    try {
      URI uri = jwks.isPresent() ? jwks.get() : discovered();
      return JWKSet.parse(text(uri));
    } catch (ParseException e) {
      throw new IOException("the issuer's keys cannot be read: " + e.getMessage(), e);
    }
  }

  private URI discovered() throws IOException, ParseException {
    URI known = URI.create(issuer.replaceFirst("/$", "") + DISCOVERY);
    var found = JSONObjectUtils.parse(text(known));
    // Else one issuer would speak for another: OpenID Connect Discovery, section 4.3.
    if (!issuer.equals(JSONObjectUtils.getString(found, "issuer"))) {
      throw new IOException(known + " is of another issuer");
    }
    try {
      return OidcSettings.uri(
          "jwks-uri", Optional.ofNullable(JSONObjectUtils.getString(found, "jwks_uri")).orElse(""));
    } catch (IllegalArgumentException e) {
      throw new IOException("as " + known + " has it, " + e.getMessage(), e);
    }
  }

  private String text(URI uri) throws IOException {
    return retriever.retrieveResource(uri.toURL()).getContent();
  }
}
