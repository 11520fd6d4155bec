package spark.jobserver.auth;

import java.security.cert.CertificateException;
import java.security.cert.X509Certificate;
import java.time.Clock;
import java.util.Collection;
import java.util.Date;
import java.util.HashSet;
import java.util.List;
import java.util.Optional;
import java.util.Set;
import javax.naming.InvalidNameException;
import javax.naming.ldap.LdapName;
import javax.naming.ldap.Rdn;
import javax.security.auth.x500.X500Principal;
import spark.jobserver.api.auth.Authentication;
import spark.jobserver.api.auth.Authenticator;
import spark.jobserver.api.auth.Identity;
import spark.jobserver.api.auth.IncomingRequest;
import spark.jobserver.api.auth.Members;

/**
 * Knows whoever has a certificate of one of the authorities that TLS has been told of, by its
 * subject: the common name is the caller's, and the whole subject or a part of it gives roles. Who
 * gives another credential is known by that or not at all.
 */
final class CertificateAuthenticator implements Authenticator {
  private static final Authentication ABSENT = new Authentication.Absent();
  private static final int LONGEST_NAME = 256;

  private final Members members;
  private final Clock clock;

  CertificateAuthenticator(Members members, Clock clock) {
    this.members = members;
    this.clock = clock;
  }

  /** Those that the configuration names. */
  static Members members(CertificateConfig config) {
    return new Members(
        List.of(config.certificate_roles_admin()),
        List.of(config.certificate_roles_user()),
        List.of(config.certificate_roles_tenant()),
        List.of(config.certificate_roles_reader()));
  }

  @Override
  public Authentication authenticate(IncomingRequest request) {
    List<X509Certificate> chain = request.certificates();
    if (chain.isEmpty() || !request.headers("Authorization").isEmpty()) {
      return ABSENT;
    }
    try {
      // A connection may outlive the certificate by which it was made.
      chain.get(0).checkValidity(Date.from(clock.instant()));
      LdapName subject =
          new LdapName(chain.get(0).getSubjectX500Principal().getName(X500Principal.RFC2253));
      return commonName(subject)
          .<Authentication>map(
              name ->
                  new Authentication.Known(
                      new Identity(
                          name, Way.CERTIFICATE.text(), members.permissions(parts(subject)), true)))
          .orElseGet(() -> new Authentication.Wrong("The certificate has no common name."));
    } catch (CertificateException e) {
      return new Authentication.Wrong("The certificate is not valid now.");
    } catch (InvalidNameException e) {
      return new Authentication.Wrong("The subject of the certificate cannot be read.");
    }
  }

  /** The one that is the most specific. */
  private static Optional<String> commonName(LdapName subject) {
    Optional<String> found = Optional.empty();
    for (Rdn part : subject.getRdns()) {
      if (part.size() == 1 && part.getType().equalsIgnoreCase("CN")) {
        found = Optional.of(String.valueOf(part.getValue()));
      }
    }
    return found.filter(
        name ->
            !name.isBlank()
                && name.length() <= LONGEST_NAME
                && name.chars().noneMatch(Character::isISOControl));
  }

  /** The whole, and each part. */
  private static Collection<String> parts(LdapName subject) {
    Set<String> parts = new HashSet<>(Set.of(subject.toString()));
    subject.getRdns().forEach(part -> parts.add(part.toString()));
    return parts;
  }

  @Override
  public String challenge() {
    return "Certificate realm=\"jobserver\"";
  }
}
