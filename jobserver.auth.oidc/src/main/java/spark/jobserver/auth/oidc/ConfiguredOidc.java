package spark.jobserver.auth.oidc;

import java.time.Clock;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import org.osgi.framework.BundleContext;
import org.osgi.framework.Constants;
import org.osgi.framework.FrameworkUtil;
import org.osgi.framework.ServiceRegistration;
import org.osgi.service.component.annotations.Activate;
import org.osgi.service.component.annotations.Component;
import org.osgi.service.component.annotations.ConfigurationPolicy;
import org.osgi.service.component.annotations.Deactivate;
import org.osgi.service.component.annotations.Reference;
import spark.jobserver.api.auth.Authenticator;
import spark.jobserver.boot.Startup;

/**
 * Publishes an {@link OidcAuthenticator} where the configuration names this way. Elsewhere nothing
 * of it is loaded.
 */
@Component(
    immediate = true,
    service = {},
    configurationPid = OidcConfig.PID,
    configurationPolicy = ConfigurationPolicy.REQUIRE)
public final class ConfiguredOidc {
  static final String WAY = "oidc";

  /** As {@link Startup} has it: the configuration is broken. */
  private static final int CONFIGURATION = 7;

  /** Between tokens of the server's own, which are asked for first, and passwords. */
  private static final int RANKING = 180;

  private final Optional<ServiceRegistration<Authenticator>> registration;

  /**
   * Publishes it.
   *
   * @throws IllegalArgumentException naming the key whose value cannot be used, and why
   */
  @Activate
  public ConfiguredOidc(BundleContext context, OidcConfig config, @Reference Startup startup) {
    this.registration =
        List.of(config.ways()).contains(WAY)
            ? Optional.of(register(context, config, startup))
            : Optional.empty();
  }

  private static ServiceRegistration<Authenticator> register(
      BundleContext context, OidcConfig config, Startup startup) {
    try {
      OidcSettings settings = OidcSettings.of(config);
      Keys keys = new Keys(new FetchedKeys(settings.issuer(), settings.jwks()), Clock.systemUTC());
      return context.registerService(
          Authenticator.class,
          new OidcAuthenticator(settings, keys),
          FrameworkUtil.asDictionary(Map.of(Constants.SERVICE_RANKING, RANKING, "way", WAY)));
    } catch (IllegalArgumentException e) {
      startup.failed(CONFIGURATION, e.getMessage());
      throw e;
    }
  }

  @Deactivate
  void close() {
    registration.ifPresent(ServiceRegistration::unregister);
  }
}
