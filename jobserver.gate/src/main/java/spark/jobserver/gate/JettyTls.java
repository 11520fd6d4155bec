package spark.jobserver.gate;

import jakarta.servlet.ServletContext;
import java.io.IOException;
import java.io.OutputStream;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardCopyOption;
import java.nio.file.attribute.FileAttribute;
import java.nio.file.attribute.PosixFilePermissions;
import java.security.GeneralSecurityException;
import java.security.KeyStore;
import java.security.SecureRandom;
import java.util.Arrays;
import java.util.HashMap;
import java.util.HexFormat;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.concurrent.Executors;
import java.util.concurrent.ScheduledExecutorService;
import java.util.concurrent.TimeUnit;
import org.eclipse.jetty.ee10.servlet.ServletContextHandler;
import org.eclipse.jetty.server.HttpConnectionFactory;
import org.eclipse.jetty.server.SecureRequestCustomizer;
import org.eclipse.jetty.server.Server;
import org.eclipse.jetty.server.SslConnectionFactory;
import org.eclipse.jetty.util.ssl.SslContextFactory;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Has Jetty speak TLS by {@link TlsFiles}, and go by others as soon as these have changed:
 * connections that are there stay as they are. Jetty reads key stores of its own form, which are
 * kept for the server's user alone, under a password that nobody else has.
 */
final class JettyTls implements AutoCloseable {
  private static final Logger LOG = LoggerFactory.getLogger(JettyTls.class);
  private static final String HTTPS = "org.apache.felix.https.";
  private static final long WATCH_SECONDS = 5;
  private static final int SECRET_BYTES = 32;

  private final Path folder;
  private final String secret;
  private final ScheduledExecutorService watch =
      Executors.newSingleThreadScheduledExecutor(
          work -> {
            Thread thread = new Thread(work, "tls-files");
            thread.setDaemon(true);
            return thread;
          });

  /** Guarded by this, as all below. */
  private Optional<TlsFiles> files = Optional.empty();

  private List<String> version = List.of();
  private Optional<Server> jetty = Optional.empty();

  /**
   * None yet.
   *
   * @param folder for its key stores alone
   */
  JettyTls(Path folder) {
    this.folder = folder;
    byte[] random = new byte[SECRET_BYTES];
    new SecureRandom().nextBytes(random);
    this.secret = HexFormat.of().formatHex(random);
    watch.scheduleWithFixedDelay(this::follow, WATCH_SECONDS, WATCH_SECONDS, TimeUnit.SECONDS);
  }

  /**
   * Goes by these files from now on.
   *
   * @return the properties by which Jetty does; none for no files
   * @throws IllegalArgumentException naming the key whose file cannot be used, and why
   */
  synchronized Map<String, String> use(Optional<TlsFiles> next) throws IOException {
    files = next;
    Map<String, String> properties = new HashMap<>();
    if (next.isPresent()) {
      write(next.get());
      properties.put(HTTPS + "keystore", keys().toString());
      properties.put(HTTPS + "keystore.type", "PKCS12");
      properties.put(HTTPS + "keystore.password", secret);
      properties.put(HTTPS + "keystore.key.password", secret);
      properties.put(HTTPS + "truststore", authorities().toString());
      properties.put(HTTPS + "truststore.type", "PKCS12");
      properties.put(HTTPS + "truststore.password", secret);
      properties.put(
          HTTPS + "clientcertificate",
          switch (next.get().clients()) {
            case NONE -> "none";
            case WANTED -> "wants";
            case REQUIRED -> "needs";
          });
      properties.put(HTTPS + "jetty.protocols.included", "TLSv1.2,TLSv1.3");
      properties.put(HTTPS + "jetty.renegotiateAllowed", "false");
    }
    return properties;
  }

  /** Is told of Jetty when it has begun. */
  synchronized void adopt(ServletContext context) {
    try {
      Server server = ServletContextHandler.getServletContextHandler(context).getServer();
      jetty = Optional.of(server);
      // The gate looks which hosts are served; the client, whether the certificate is of one.
      Arrays.stream(server.getConnectors())
          .flatMap(connector -> connector.getConnectionFactories().stream())
          .filter(HttpConnectionFactory.class::isInstance)
          .map(factory -> ((HttpConnectionFactory) factory).getHttpConfiguration())
          .map(configuration -> configuration.getCustomizer(SecureRequestCustomizer.class))
          .filter(customizer -> customizer != null)
          .forEach(customizer -> customizer.setSniHostCheck(false));
    } catch (RuntimeException | LinkageError e) {
      LOG.warn("certificates that change are not followed", e);
    }
  }

  private synchronized void follow() {
    if (files.isEmpty() || files.get().version().equals(version)) {
      return;
    }
    try {
      write(files.get());
      if (jetty.isPresent()) {
        for (SslContextFactory.Server one : factories(jetty.get())) {
          one.reload(factory -> LOG.info("the server's certificate was read again"));
        }
      }
    } catch (Exception e) {
      // Whatever it is, the next change may be better.
      LOG.error("the server goes on with the certificate that it has: {}", e.getMessage());
    }
  }

  private static List<SslContextFactory.Server> factories(Server server) {
    return Arrays.stream(server.getConnectors())
        .flatMap(connector -> connector.getConnectionFactories().stream())
        .filter(SslConnectionFactory.class::isInstance)
        .map(factory -> ((SslConnectionFactory) factory).getSslContextFactory())
        .toList();
  }

  private void write(TlsFiles from) throws IOException {
    version = from.version();
    TlsFiles.Content content = from.read(secret.toCharArray());
    Files.createDirectories(folder, only("rwx------"));
    write(content.keys(), keys());
    write(content.authorities(), authorities());
  }

  private void write(KeyStore store, Path file) throws IOException {
    Path part = file.resolveSibling(file.getFileName() + ".part");
    Files.deleteIfExists(part);
    Files.createFile(part, only("rw-------"));
    try (OutputStream out = Files.newOutputStream(part)) {
      store.store(out, secret.toCharArray());
    } catch (GeneralSecurityException e) {
      throw new IOException(e);
    }
    Files.move(part, file, StandardCopyOption.ATOMIC_MOVE, StandardCopyOption.REPLACE_EXISTING);
  }

  private Path keys() {
    return folder.resolve("keys.p12");
  }

  private Path authorities() {
    return folder.resolve("authorities.p12");
  }

  private static FileAttribute<?> only(String permissions) {
    return PosixFilePermissions.asFileAttribute(PosixFilePermissions.fromString(permissions));
  }

  @Override
  public void close() {
    watch.shutdownNow();
  }
}
