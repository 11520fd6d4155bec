package spark.jobserver.link.server;

import java.net.Socket;
import java.security.GeneralSecurityException;
import java.security.KeyStore;
import java.security.Principal;
import java.security.PrivateKey;
import java.security.cert.Certificate;
import java.security.cert.X509Certificate;
import java.util.List;
import javax.net.ssl.KeyManagerFactory;
import javax.net.ssl.SSLEngine;
import javax.net.ssl.X509ExtendedKeyManager;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;
import spark.jobserver.api.tls.KeyFiles;
import spark.jobserver.link.Wire;

/**
 * A certificate and its key from files, which are looked at for each handshake and read again when
 * they have changed; connections that are there stay as they are. While they do not fit together it
 * is the last that did.
 */
final class FollowedKeys extends X509ExtendedKeyManager {
  private static final Logger LOG = LoggerFactory.getLogger(FollowedKeys.class);

  private final KeyFiles files;
  private final char[] secret = Wire.newSecret().toCharArray();

  /** Guarded by this, as all below. */
  private List<String> version;

  private Keys keys;

  private record Keys(X509Certificate certificate, X509ExtendedKeyManager delegate) {}

  /**
   * @throws IllegalArgumentException as {@link KeyFiles#read}
   */
  FollowedKeys(KeyFiles files) {
    this.files = files;
    this.version = files.version();
    this.keys = read();
  }

  private Keys read() {
    try {
      KeyStore store = files.read(secret);
      Certificate certificate = store.getCertificate(KeyFiles.ENTRY);
      KeyManagerFactory factory =
          KeyManagerFactory.getInstance(KeyManagerFactory.getDefaultAlgorithm());
      factory.init(store, secret);
      return new Keys(
          (X509Certificate) certificate, (X509ExtendedKeyManager) factory.getKeyManagers()[0]);
    } catch (GeneralSecurityException e) {
      throw new IllegalArgumentException("the link's key cannot be used: " + e.getMessage(), e);
    }
  }

  synchronized X509Certificate certificate() {
    return keys.certificate();
  }

  private synchronized X509ExtendedKeyManager now() {
    return keys.delegate();
  }

  private synchronized X509ExtendedKeyManager follow() {
    List<String> next = files.version();
    if (!next.equals(version)) {
      version = next;
      try {
        keys = read();
        LOG.info("the link's certificate was read again");
      } catch (IllegalArgumentException e) {
        LOG.error("the link goes on with the certificate that it has: {}", e.getMessage());
      }
    }
    return keys.delegate();
  }

  @Override
  public String chooseEngineServerAlias(String kind, Principal[] issuers, SSLEngine engine) {
    return follow().chooseEngineServerAlias(kind, issuers, engine);
  }

  @Override
  public String chooseServerAlias(String kind, Principal[] issuers, Socket socket) {
    return follow().chooseServerAlias(kind, issuers, socket);
  }

  @Override
  public X509Certificate[] getCertificateChain(String alias) {
    return now().getCertificateChain(alias);
  }

  @Override
  public PrivateKey getPrivateKey(String alias) {
    return now().getPrivateKey(alias);
  }

  @Override
  public String[] getServerAliases(String kind, Principal[] issuers) {
    return now().getServerAliases(kind, issuers);
  }

  @Override
  public String chooseEngineClientAlias(String[] kinds, Principal[] issuers, SSLEngine engine) {
    return null; // a server
  }

  @Override
  public String chooseClientAlias(String[] kinds, Principal[] issuers, Socket socket) {
    return null;
  }

  @Override
  public String[] getClientAliases(String kind, Principal[] issuers) {
    return new String[0];
  }
}
