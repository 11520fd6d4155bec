package spark.jobserver.core.context;

import java.io.IOException;
import java.net.InetAddress;
import java.nio.file.Path;
import java.security.cert.Certificate;
import java.util.List;
import java.util.Optional;
import org.osgi.framework.BundleContext;
import org.osgi.service.component.annotations.Activate;
import org.osgi.service.component.annotations.Component;
import org.osgi.service.component.annotations.ConfigurationPolicy;
import org.osgi.service.component.annotations.Reference;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;
import spark.jobserver.api.tls.KeyFiles;
import spark.jobserver.boot.Startup;
import spark.jobserver.core.DataFolder;
import spark.jobserver.core.config.DriverConfig;
import spark.jobserver.core.config.LinkTlsConfig;
import spark.jobserver.link.Trust;
import spark.jobserver.link.server.LinkTls;
import spark.jobserver.link.server.OwnCertificate;

/**
 * Whether the link speaks TLS, and by which certificate: the operator's, or one that the server has
 * made and keeps. When that cannot be, the server ends.
 */
@Component(
    service = LinkSecurity.class,
    configurationPid = {DriverConfig.PID, LinkTlsConfig.PID},
    configurationPolicy = ConfigurationPolicy.REQUIRE)
public final class LinkSecurity {
  private static final Logger LOG = LoggerFactory.getLogger(LinkSecurity.class);

  /** As {@link Startup} has it: the configuration is broken. */
  private static final int CONFIGURATION = 7;

  private final Optional<LinkTls> tls;

  /**
   * @throws IllegalArgumentException naming the key whose value cannot be used, and why
   */
  @Activate
  public LinkSecurity(
      BundleContext bundle, DriverConfig driver, LinkTlsConfig config, @Reference Startup startup) {
    try {
      this.tls =
          of(
              config,
              InetAddress.getByName(driver.link$_$address()),
              DataFolder.of(bundle).linkTls());
    } catch (IOException | IllegalArgumentException e) {
      startup.failed(CONFIGURATION, e.getMessage());
      throw new IllegalArgumentException(e.getMessage(), e);
    }
  }

  /**
   * @param tls none for a link without
   */
  LinkSecurity(Optional<LinkTls> tls) {
    this.tls = tls;
  }

  /**
   * The TLS of a configuration.
   *
   * @param address that drivers dial
   * @param own the folder of the certificate that the server makes
   * @throws IllegalArgumentException naming the key whose value cannot be used, and why
   * @throws IOException when the server's own certificate cannot be made
   */
  static Optional<LinkTls> of(LinkTlsConfig config, InetAddress address, Path own)
      throws IOException {
    Optional<KeyFiles> files =
        KeyFiles.of(
            LinkTlsConfig.PID,
            config.certificate(),
            config.key(),
            config.key$_$store(),
            config.key$_$store$_$password$_$file());
    boolean on =
        switch (config.enabled()) {
          case "true" -> true;
          case "false" -> false;
          case "auto" -> files.isPresent() || !address.isLoopbackAddress();
          default ->
              throw wrong("enabled", "is \"" + config.enabled() + "\": it is auto, true or false");
        };
    if (!on) {
      if (!address.isLoopbackAddress()) {
        LOG.warn(
            "drivers and the server send their keys over the network as they are, for {}.enabled is false",
            LinkTlsConfig.PID);
      }
      return Optional.empty();
    }
    return Optional.of(
        files.isPresent()
            ? signed(files.get(), config.authorities(), address)
            : pinned(config.authorities(), own));
  }

  private static LinkTls signed(KeyFiles files, String authorities, InetAddress address) {
    if (authorities.isEmpty()) {
      throw wrong("authorities", "is empty: drivers need to know who has signed the certificate");
    }
    List<Certificate> known =
        KeyFiles.certificates(LinkTlsConfig.PID + ".authorities", Path.of(authorities));
    LinkTls tls = LinkTls.signed(files, known);
    try {
      tls.check(address.getHostAddress());
    } catch (IOException e) {
      throw wrong(
          "*",
          "do not fit together: drivers, which dial %s, would refuse the link's certificate: %s"
              .formatted(address.getHostAddress(), e.getMessage()));
    }
    return tls;
  }

  private static LinkTls pinned(String authorities, Path own) throws IOException {
    if (!authorities.isEmpty()) {
      throw wrong(
          "certificate", "is empty, but authorities is not: the server's own has no authority");
    }
    try {
      return LinkTls.pinned(OwnCertificate.in(own));
    } catch (IOException e) {
      throw new IOException(
          "the server cannot make a certificate for its link (%s.enabled), so give it one: %s"
              .formatted(LinkTlsConfig.PID, e.getMessage()),
          e);
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
      throw new IOException("interrupted", e);
    }
  }

  private static IllegalArgumentException wrong(String key, String why) {
    return new IllegalArgumentException(LinkTlsConfig.PID + "." + key + " " + why);
  }

  Optional<LinkTls> tls() {
    return tls;
  }

  /** Whom drivers take for the server. */
  Trust trust() {
    return tls.map(LinkTls::trust).orElse(Trust.NONE);
  }
}
