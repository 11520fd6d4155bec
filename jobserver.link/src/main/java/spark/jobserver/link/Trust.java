package spark.jobserver.link;

import static java.nio.charset.StandardCharsets.US_ASCII;

import java.io.ByteArrayInputStream;
import java.io.IOException;
import java.security.GeneralSecurityException;
import java.security.KeyStore;
import java.security.cert.Certificate;
import java.security.cert.CertificateEncodingException;
import java.security.cert.CertificateException;
import java.security.cert.CertificateFactory;
import java.security.cert.X509Certificate;
import java.util.Base64;
import java.util.List;
import javax.net.ssl.SSLContext;
import javax.net.ssl.TrustManager;
import javax.net.ssl.TrustManagerFactory;

/**
 * Whom a driver takes for its server: by nothing but the address, or by TLS and a certificate.
 *
 * @param certificate the one certificate that the server shows, as PEM; whatever names it has
 * @param authorities in the place of that, those that sign the server's certificate, as PEM; it has
 *     to be of the address then that is dialled. Without either there is no TLS
 */
public record Trust(String certificate, String authorities) {
  /** By nothing but the address. */
  public static final Trust NONE = new Trust("", "");

  private static final Base64.Encoder LINES = Base64.getMimeEncoder(64, new byte[] {'\n'});

  /** A server that shows this certificate. */
  public static Trust inCertificate(Certificate certificate) throws CertificateEncodingException {
    return new Trust(pem(certificate), "");
  }

  /** A server whose certificate one of these has signed. */
  public static Trust inAuthorities(List<Certificate> authorities)
      throws CertificateEncodingException {
    StringBuilder all = new StringBuilder();
    for (Certificate one : authorities) {
      all.append(pem(one));
    }
    return new Trust("", all.toString());
  }

  private static String pem(Certificate certificate) throws CertificateEncodingException {
    return "-----BEGIN CERTIFICATE-----\n%s\n-----END CERTIFICATE-----\n"
        .formatted(LINES.encodeToString(certificate.getEncoded()));
  }

  /** Whether the server has to speak TLS. */
  public boolean asksForTls() {
    return !certificate.isEmpty() || !authorities.isEmpty();
  }

  /** Whether the server may be at this URL: one that has to speak TLS is nowhere else. */
  public boolean allows(String url) {
    return url.startsWith(asksForTls() ? "https://" : "http://");
  }

  /**
   * By what a client finds the server trustworthy.
   *
   * @throws IllegalArgumentException when what is said here is no certificate
   */
  public SSLContext context() {
    try {
      SSLContext context = SSLContext.getInstance("TLS");
      context.init(null, managers(), null);
      return context;
    } catch (GeneralSecurityException | IOException e) {
      throw new IllegalArgumentException("the link's certificates cannot be read", e);
    }
  }

  private TrustManager[] managers() throws GeneralSecurityException, IOException {
    if (!certificate.isEmpty()) {
      return new TrustManager[] {new PinnedCertificate(read(certificate).get(0))};
    }
    KeyStore store = KeyStore.getInstance("PKCS12");
    store.load(null, null);
    int number = 0;
    for (X509Certificate one : read(authorities)) {
      store.setCertificateEntry("authority" + number, one);
      number++;
    }
    TrustManagerFactory factory =
        TrustManagerFactory.getInstance(TrustManagerFactory.getDefaultAlgorithm());
    factory.init(store);
    return factory.getTrustManagers();
  }

  private static List<X509Certificate> read(String pem) throws CertificateException {
    return CertificateFactory.getInstance("X.509")
        .generateCertificates(new ByteArrayInputStream(pem.getBytes(US_ASCII)))
        .stream()
        .map(X509Certificate.class::cast)
        .toList();
  }
}
