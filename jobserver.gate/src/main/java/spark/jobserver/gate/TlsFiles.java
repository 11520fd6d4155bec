package spark.jobserver.gate;

import java.io.IOException;
import java.nio.file.Path;
import java.security.GeneralSecurityException;
import java.security.KeyStore;
import java.security.cert.Certificate;
import java.util.List;
import java.util.Optional;
import java.util.stream.Stream;
import spark.jobserver.api.tls.KeyFiles;

/**
 * The files that TLS goes by: the server's certificate and key, as PEM or as a PKCS#12 key store,
 * and the authorities of its clients' certificates, as PEM.
 */
final class TlsFiles {
  private static final String PREFIX = TlsConfig.PID + ".";

  private final KeyFiles keys;
  private final Optional<Path> authorities;
  private final Clients clients;

  /** Whether clients are asked for certificates. */
  enum Clients {
    /** They are not. */
    NONE,
    /** They are, and need not have one. */
    WANTED,
    /** Whoever has none is refused in the handshake. */
    REQUIRED
  }

  /**
   * What the files say.
   *
   * @param keys the server's certificate and key, under the given password
   * @param authorities of clients' certificates, under the given password; nobody's where none are
   *     asked for
   */
  record Content(KeyStore keys, KeyStore authorities) {}

  private TlsFiles(KeyFiles keys, Optional<Path> authorities, Clients clients) {
    this.keys = keys;
    this.authorities = authorities;
    this.clients = clients;
  }

  /**
   * The files of a configuration; empty when TLS is off.
   *
   * @throws IllegalArgumentException naming the key whose value cannot be used, and why
   */
  static Optional<TlsFiles> of(TlsConfig config) {
    Clients clients = clients(config.client$_$certificates());
    Optional<Path> authorities =
        Optional.of(config.client$_$authorities()).filter(text -> !text.isEmpty()).map(Path::of);
    Optional<KeyFiles> keys =
        KeyFiles.of(
            TlsConfig.PID,
            config.certificate(),
            config.key(),
            config.key$_$store(),
            config.key$_$store$_$password$_$file());
    if (clients != Clients.NONE && (keys.isEmpty() || authorities.isEmpty())) {
      throw wrong(
          keys.isPresent() ? "client-authorities" : "certificate",
          "is empty, but client-certificates is " + config.client$_$certificates());
    }
    return keys.map(files -> new TlsFiles(files, authorities, clients));
  }

  private static Clients clients(String text) {
    return switch (text) {
      case "none" -> Clients.NONE;
      case "wanted" -> Clients.WANTED;
      case "required" -> Clients.REQUIRED;
      default ->
          throw wrong("client-certificates", "is \"" + text + "\": it is none, wanted or required");
    };
  }

  Clients clients() {
    return clients;
  }

  /** What is another when one of the files is. */
  List<String> version() {
    return Stream.concat(keys.version().stream(), KeyFiles.version(authorities.stream()).stream())
        .toList();
  }

  /**
   * Reads them.
   *
   * @param secret the password of what is read
   * @throws IllegalArgumentException naming the key whose file cannot be used, and why
   */
  Content read(char[] secret) {
    try {
      KeyStore trusted = KeyStore.getInstance("PKCS12");
      trusted.load(null, null);
      if (clients != Clients.NONE) {
        int number = 0;
        for (Certificate one :
            KeyFiles.certificates(PREFIX + "client-authorities", authorities.orElseThrow())) {
          trusted.setCertificateEntry("authority" + number, one);
          number++;
        }
      }
      return new Content(keys.read(secret), trusted);
    } catch (GeneralSecurityException | IOException e) {
      throw new IllegalArgumentException(PREFIX + "* cannot be used: " + e.getMessage(), e);
    }
  }

  private static IllegalArgumentException wrong(String key, String why) {
    return new IllegalArgumentException(PREFIX + key + " " + why);
  }
}
