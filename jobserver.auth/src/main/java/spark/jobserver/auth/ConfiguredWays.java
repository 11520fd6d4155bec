package spark.jobserver.auth;

import java.io.IOException;
import java.io.UncheckedIOException;
import java.net.InetAddress;
import java.net.UnknownHostException;
import java.nio.file.Path;
import java.time.Clock;
import java.util.ArrayList;
import java.util.EnumMap;
import java.util.List;
import java.util.Map;
import java.util.Set;
import org.osgi.framework.BundleContext;
import org.osgi.framework.Constants;
import org.osgi.framework.FrameworkUtil;
import org.osgi.framework.ServiceRegistration;
import org.osgi.service.component.annotations.Activate;
import org.osgi.service.component.annotations.Component;
import org.osgi.service.component.annotations.ConfigurationPolicy;
import org.osgi.service.component.annotations.Deactivate;
import org.osgi.service.component.annotations.Reference;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;
import spark.jobserver.api.auth.Authenticator;
import spark.jobserver.boot.Startup;

/** Publishes an {@link Authenticator} for each way that the configuration names. */
@Component(
    immediate = true,
    service = {},
    configurationPid = {AuthConfig.PID, AddressConfig.PID, TlsConfig.PID},
    configurationPolicy = ConfigurationPolicy.REQUIRE)
public final class ConfiguredWays {
  private static final Logger LOG = LoggerFactory.getLogger(ConfiguredWays.class);

  /** As {@link Startup} has them: the configuration is broken, and anything else. */
  private static final int CONFIGURATION = 7;

  private static final int FAILED = 1;

  /** How many passwords are looked at together; most wait for a directory then. */
  private static final int TOGETHER = 8;

  /** Whoever gives a credential has it looked at before anything else. */
  private static final Map<Way, Integer> RANKING =
      Map.of(Way.TOKEN, 200, Way.BASIC, 150, Way.CERTIFICATE, 120, Way.LOCAL, 100);

  private final LdapConfig ldap;
  private final CertificateConfig certificate;
  private final TlsConfig tls;
  private final Path data;
  private final String address;
  private final List<ServiceRegistration<Authenticator>> registrations = new ArrayList<>();

  /**
   * Publishes them.
   *
   * @throws IllegalArgumentException naming the key whose value cannot be used, and why
   */
  @Activate
  public ConfiguredWays(
      BundleContext context,
      AuthConfig auth,
      LdapConfig ldap,
      CertificateConfig certificate,
      TlsConfig tls,
      AddressConfig address,
      @Reference Startup startup) {
    this.ldap = ldap;
    this.certificate = certificate;
    this.tls = tls;
    this.data = Path.of(context.getProperty("jobserver.data"));
    this.address = address.bind$_$address();
    try {
      Map<Way, Authenticator> made = made(Way.of(List.of(auth.ways())));
      made.forEach(
          (way, authenticator) ->
              registrations.add(
                  context.registerService(
                      Authenticator.class,
                      authenticator,
                      FrameworkUtil.asDictionary(
                          Map.of(
                              Constants.SERVICE_RANKING,
                              RANKING.getOrDefault(way, 0),
                              "way",
                              way.text())))));
    } catch (IllegalArgumentException e) {
      startup.failed(CONFIGURATION, e.getMessage());
      throw e;
    } catch (IOException e) {
      startup.failed(FAILED, "The tokens in %s cannot be used: %s".formatted(data, e));
      throw new UncheckedIOException(e);
    }
  }

  private Map<Way, Authenticator> made(Set<Way> ways) throws IOException {
    Map<Way, Authenticator> made = new EnumMap<>(Way.class);
    for (Way way : ways) {
      switch (way) {
        case LOCAL -> made.put(way, LocalAuthenticator.ofThisMachine());
        case TOKEN -> made.put(way, new TokenAuthenticator(tokens(), Clock.systemUTC()));
        case BASIC, LDAP -> made.putIfAbsent(Way.BASIC, passwords(ways));
        case CERTIFICATE -> made.put(way, certificates());
        case NONE -> made.put(way, everybody());
        case OIDC -> {
          // Its own bundle makes it.
        }
      }
    }
    return made;
  }

  /** Those of the server's own file decide on their names, whatever a directory says. */
  private Authenticator passwords(Set<Way> ways) {
    List<Accounts> accounts = new ArrayList<>();
    if (ways.contains(Way.BASIC)) {
      accounts.add(new FileAccounts(new UserFile(data)));
    }
    if (ways.contains(Way.LDAP)) {
      accounts.add(new LdapAccounts(LdapSettings.of(ldap)));
    }
    return new BasicAuthenticator(accounts, TOGETHER, Clock.systemUTC());
  }

  private Authenticator certificates() {
    if (tls.client$_$certificates().equals("none")) {
      throw new IllegalArgumentException(
          "%s.ways has certificate, but %s.client-certificates is none: clients are not asked for one"
              .formatted(AuthConfig.PID, TlsConfig.PID));
    }
    return new CertificateAuthenticator(
        CertificateAuthenticator.members(certificate), Clock.systemUTC());
  }

  private TokenFile tokens() throws IOException {
    TokenFile tokens = new TokenFile(data);
    if (tokens.make()) {
      LOG.info("the first token, of role admin, is in {}", tokens.localToken());
    }
    return tokens;
  }

  private Authenticator everybody() {
    if (!isLoopback()) {
      throw new IllegalArgumentException(
          "%s.ways is none, but spark.jobserver.bind-address is %s: without authentication the server listens on loopback addresses only, such as 127.0.0.1"
              .formatted(AuthConfig.PID, address));
    }
    LOG.warn(
        "{}.ways is none: every user and every process of this machine may do everything,"
            + " with the rights of the user {}",
        AuthConfig.PID,
        System.getProperty("user.name"));
    return new EverybodyAuthenticator();
  }

  private boolean isLoopback() {
    try {
      return InetAddress.getByName(address).isLoopbackAddress();
    } catch (UnknownHostException e) {
      return false;
    }
  }

  @Deactivate
  void close() {
    registrations.forEach(ServiceRegistration::unregister);
  }
}
