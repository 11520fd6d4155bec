package spark.jobserver.api.tls;

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
import java.util.Collections;
import java.util.List;
import java.util.Optional;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import java.util.stream.Stream;

/**
 * The files with a certificate and its key: both as PEM, or together in a PKCS#12 key store. They
 * are read anew each time.
 */
public final class KeyFiles {
  /** The one entry of what is read. */
  public static final String ENTRY = "server";

  private static final String PKCS12 = "PKCS12";
  private static final Pattern PEM_KEY =
      Pattern.compile("-----BEGIN ([A-Z ]*PRIVATE KEY)-----([^-]*)-----END \\1-----");

  private final String block;
  private final Optional<Path> certificate;
  private final Optional<Path> key;
  private final Optional<Path> keyStore;
  private final Optional<Path> password;

  private KeyFiles(
      String block, String certificate, String key, String keyStore, String passwordFile) {
    this.block = block;
    this.certificate = path(certificate);
    this.key = path(key);
    this.keyStore = path(keyStore);
    this.password = path(passwordFile);
  }

  /**
   * The files of a configuration; empty when it names none.
   *
   * @param block where the configuration has the keys {@code certificate}, {@code key}, {@code
   *     key-store} and {@code key-store-password-file}, for the messages of errors
   * @param certificate as PEM, and after it those that lead to an authority; may be empty, as all
   *     that follow
   * @param key as PEM, of PKCS#8, without a password
   * @param keyStore in the place of both
   * @param passwordFile the password of that in its first line
   * @throws IllegalArgumentException naming the key whose value cannot be used, and why
   */
  public static Optional<KeyFiles> of(
      String block, String certificate, String key, String keyStore, String passwordFile) {
    KeyFiles files = new KeyFiles(block, certificate, key, keyStore, passwordFile);
    if (files.certificate.isPresent() != files.key.isPresent()) {
      throw files.wrong(
          files.key.isPresent() ? "certificate" : "key",
          "is empty: a certificate and its key belong together");
    }
    if (files.certificate.isPresent() && files.keyStore.isPresent()) {
      throw files.wrong(
          "key-store", "stands in the place of certificate and key: give one of the two");
    }
    if (files.keyStore.isPresent() && files.password.isEmpty()) {
      throw files.wrong("key-store-password-file", "is empty, and the key store has a password");
    }
    return files.certificate.isPresent() || files.keyStore.isPresent()
        ? Optional.of(files)
        : Optional.empty();
  }

  private static Optional<Path> path(String text) {
    return text.isEmpty() ? Optional.empty() : Optional.of(Path.of(text));
  }

  /** What is another when one of the files is. */
  public List<String> version() {
    return version(Stream.of(certificate, key, keyStore, password).flatMap(Optional::stream));
  }

  /** What is another when one of these files is. */
  public static List<String> version(Stream<Path> files) {
    return files.map(KeyFiles::versionOf).toList();
  }

  private static String versionOf(Path file) {
    try {
      BasicFileAttributes now = Files.readAttributes(file, BasicFileAttributes.class);
      return "%s %s %d %s".formatted(file, now.lastModifiedTime(), now.size(), now.fileKey());
    } catch (IOException e) {
      return file + " is not there";
    }
  }

  /**
   * Reads them.
   *
   * @param secret the password of what is read
   * @return a key store with the key and its certificates as its one entry, {@link #ENTRY}
   * @throws IllegalArgumentException naming the key whose file cannot be used, and why
   */
  public KeyStore read(char[] secret) {
    try {
      return keyStore.isPresent() ? ofStore(secret) : ofPem(secret);
    } catch (GeneralSecurityException | IOException e) {
      throw new IllegalArgumentException(block + ".* cannot be used: " + e.getMessage(), e);
    }
  }

  /**
   * Reads all certificates of a file.
   *
   * @param key the whole key of the configuration that names the file, for the message of an error
   * @param file as PEM
   * @return one at least
   * @throws IllegalArgumentException naming the key whose file cannot be used, and why
   */
  public static List<Certificate> certificates(String key, Path file) {
    try (InputStream in = Files.newInputStream(file)) {
      List<Certificate> read =
          List.copyOf(CertificateFactory.getInstance("X.509").generateCertificates(in));
      if (!read.isEmpty()) {
        return read;
      }
    } catch (IOException | GeneralSecurityException e) {
      throw new IllegalArgumentException(
          "%s is %s, which cannot be read: %s".formatted(key, file, reason(e)), e);
    }
    throw new IllegalArgumentException(
        "%s is %s, which has no certificate in it".formatted(key, file));
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

  private String firstLine(Path file) {
    try (Stream<String> lines = Files.lines(file)) {
      return lines.findFirst().orElse("");
    } catch (IOException e) {
      throw wrong("key-store-password-file", "is %s, which cannot be read".formatted(file));
    }
  }

  private KeyStore ofPem(char[] secret) throws GeneralSecurityException, IOException {
    Path file = certificate.orElseThrow();
    List<Certificate> chain = certificates(block + ".certificate", file);
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

  private PrivateKey privateKey(Path file, String algorithm) {
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

  private IllegalArgumentException wrong(String name, String why) {
    return new IllegalArgumentException(block + "." + name + " " + why);
  }
}
