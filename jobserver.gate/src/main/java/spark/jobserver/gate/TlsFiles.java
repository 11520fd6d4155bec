package spark.jobserver.gate;

import java.io.IOException;
import java.io.InputStream;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.attribute.BasicFileAttributes;
import java.security.GeneralSecurityException;
import java.security.KeyFactory;
import java.security.KeyStore;
import java.security.PrivateKey;
import java.security.PublicKey;
import java.security.Signature;
import java.security.cert.Certificate;
import java.security.cert.CertificateFactory;
import java.security.spec.PKCS8EncodedKeySpec;
import java.util.ArrayList;
import java.util.Base64;
import java.util.Collection;
import java.util.Collections;
import java.util.List;
import java.util.Optional;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import java.util.stream.Stream;

/**
 * The files that TLS goes by: the server's certificate and key, as PEM or as a PKCS#12 key store,
 * and the authorities of its clients' certificates, as PEM.
 */
final class TlsFiles {
  private static final String PREFIX = TlsConfig.PID + ".";
  private static final String PKCS12 = "PKCS12";
  private static final String ENTRY = "server";
  private static final Pattern PEM_KEY =
      Pattern.compile("-----BEGIN ([A-Z ]*PRIVATE KEY)-----([^-]*)-----END \\1-----");

  private final Optional<Path> certificate;
  private final Optional<Path> key;
  private final Optional<Path> keyStore;
  private final Optional<Path> password;
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

  private TlsFiles(TlsConfig config, Clients clients) {
    this.certificate = path(config.certificate());
    this.key = path(config.key());
    this.keyStore = path(config.key$_$store());
    this.password = path(config.key$_$store$_$password$_$file());
    this.authorities = path(config.client$_$authorities());
    this.clients = clients;
  }

  /**
   * The files of a configuration; empty when TLS is off.
   *
   * @throws IllegalArgumentException naming the key whose value cannot be used, and why
   */
  static Optional<TlsFiles> of(TlsConfig config) {
    TlsFiles files = new TlsFiles(config, clients(config.client$_$certificates()));
    if (files.certificate.isPresent() != files.key.isPresent()) {
      throw wrong(
          files.key.isPresent() ? "certificate" : "key",
          "is empty: a certificate and its key belong together");
    }
    if (files.certificate.isPresent() && files.keyStore.isPresent()) {
      throw wrong("key-store", "stands in the place of certificate and key: give one of the two");
    }
    if (files.keyStore.isPresent() && files.password.isEmpty()) {
      throw wrong("key-store-password-file", "is empty, and the key store has a password");
    }
    boolean on = files.certificate.isPresent() || files.keyStore.isPresent();
    if (files.clients != Clients.NONE && (!on || files.authorities.isEmpty())) {
      throw wrong(
          on ? "client-authorities" : "certificate",
          "is empty, but client-certificates is " + config.client$_$certificates());
    }
    return on ? Optional.of(files) : Optional.empty();
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

  private static Optional<Path> path(String text) {
    return text.isEmpty() ? Optional.empty() : Optional.of(Path.of(text));
  }

  Clients clients() {
    return clients;
  }

  /** What is another when one of the files is. */
  List<String> version() {
    List<String> versions = new ArrayList<>();
    Stream.of(certificate, key, keyStore, password, authorities)
        .flatMap(Optional::stream)
        .forEach(
            file -> {
              try {
                BasicFileAttributes now = Files.readAttributes(file, BasicFileAttributes.class);
                versions.add(
                    "%s %s %d %s"
                        .formatted(file, now.lastModifiedTime(), now.size(), now.fileKey()));
              } catch (IOException e) {
                versions.add(file + " is not there");
              }
            });
    return versions;
  }

  /**
   * Reads them.
   *
   * @param secret the password of what is read
   * @throws IllegalArgumentException naming the key whose file cannot be used, and why
   */
  Content read(char[] secret) {
    try {
      KeyStore trusted = KeyStore.getInstance(PKCS12);
      trusted.load(null, null);
      if (clients != Clients.NONE) {
        int number = 0;
        for (Certificate one : certificates("client-authorities", authorities.orElseThrow())) {
          trusted.setCertificateEntry("authority" + number, one);
          number++;
        }
      }
      return new Content(keyStore.isPresent() ? ofStore(secret) : ofPem(secret), trusted);
    } catch (GeneralSecurityException | IOException e) {
      throw new IllegalArgumentException(PREFIX + "* cannot be used: " + e.getMessage(), e);
    }
  }

  private KeyStore ofStore(char[] secret) throws GeneralSecurityException, IOException {
    Path file = keyStore.orElseThrow();
    char[] word = firstLine(password.orElseThrow()).toCharArray();
    KeyStore read = KeyStore.getInstance(PKCS12);
    try (InputStream in = Files.newInputStream(file)) {
      read.load(in, word);
    } catch (IOException | GeneralSecurityException e) {
      throw wrong("key-store", "is %s, which cannot be read: %s".formatted(file, reason(e)));
    }
    List<String> keys = new ArrayList<>();
    for (String alias : Collections.list(read.aliases())) {
      if (read.isKeyEntry(alias)) {
        keys.add(alias);
      }
    }
    if (keys.size() != 1) {
      throw wrong(
          "key-store", "is %s, which has %d keys: it is to have one".formatted(file, keys.size()));
    }
    return store(
        (PrivateKey) read.getKey(keys.get(0), word), read.getCertificateChain(keys.get(0)), secret);
  }

  private static String firstLine(Path file) {
    try (Stream<String> lines = Files.lines(file)) {
      return lines.findFirst().orElse("");
    } catch (IOException e) {
      throw wrong("key-store-password-file", "is %s, which cannot be read".formatted(file));
    }
  }

  private KeyStore ofPem(char[] secret) throws GeneralSecurityException, IOException {
    Path file = certificate.orElseThrow();
    List<Certificate> chain = List.copyOf(certificates("certificate", file));
    PublicKey own = chain.get(0).getPublicKey();
    PrivateKey read = privateKey(key.orElseThrow(), own.getAlgorithm());
    if (!belong(read, own)) {
      throw wrong(
          "key",
          "is %s, which is not the key of the first certificate of %s"
              .formatted(key.orElseThrow(), file));
    }
    return store(read, chain.toArray(Certificate[]::new), secret);
  }

  private static KeyStore store(PrivateKey key, Certificate[] chain, char[] secret)
      throws GeneralSecurityException, IOException {
    KeyStore store = KeyStore.getInstance(PKCS12);
    store.load(null, null);
    store.setKeyEntry(ENTRY, key, secret, chain);
    return store;
  }

  private static Collection<? extends Certificate> certificates(String name, Path file) {
    try (InputStream in = Files.newInputStream(file)) {
      Collection<? extends Certificate> read =
          CertificateFactory.getInstance("X.509").generateCertificates(in);
      if (!read.isEmpty()) {
        return read;
      }
    } catch (IOException | GeneralSecurityException e) {
      throw wrong(name, "is %s, which cannot be read: %s".formatted(file, reason(e)));
    }
    throw wrong(name, "is %s, which has no certificate in it".formatted(file));
  }

  private static PrivateKey privateKey(Path file, String algorithm) {
    String text;
    try {
      text = Files.readString(file, StandardCharsets.ISO_8859_1);
    } catch (IOException e) {
      throw wrong("key", "is %s, which cannot be read: %s".formatted(file, reason(e)));
    }
    Matcher pem = PEM_KEY.matcher(text);
    if (!pem.find() || !pem.group(1).equals("PRIVATE KEY")) {
      throw wrong(
          "key",
          "is %s, which has no key as PKCS#8 without a password (BEGIN PRIVATE KEY): openssl pkcs8 -topk8 -nodes makes one of others"
              .formatted(file));
    }
    try {
      return KeyFactory.getInstance(algorithm)
          .generatePrivate(new PKCS8EncodedKeySpec(Base64.getMimeDecoder().decode(pem.group(2))));
    } catch (GeneralSecurityException | IllegalArgumentException e) {
      throw wrong(
          "key",
          "is %s, which is no key of the kind that its certificate has, %s"
              .formatted(file, algorithm));
    }
  }

  private static boolean belong(PrivateKey one, PublicKey other) throws GeneralSecurityException {
    String function =
        switch (one.getAlgorithm()) {
          case "RSA" -> "SHA256withRSA";
          case "EC" -> "SHA256withECDSA";
          default -> one.getAlgorithm();
        };
    Signature signing = Signature.getInstance(function);
    signing.initSign(one);
    byte[] signed = signing.sign();
    Signature verifying = Signature.getInstance(function);
    verifying.initVerify(other);
    return verifying.verify(signed);
  }

  /** Some exceptions have no more than a file's name to say. */
  private static String reason(Exception e) {
    return e instanceof GeneralSecurityException || e.getClass() == IOException.class
        ? e.getMessage()
        : e.toString();
  }

  private static IllegalArgumentException wrong(String key, String why) {
    return new IllegalArgumentException(PREFIX + key + " " + why);
  }
}
