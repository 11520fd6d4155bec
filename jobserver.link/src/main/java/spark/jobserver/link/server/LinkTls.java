package spark.jobserver.link.server;

import com.sun.net.httpserver.HttpsConfigurator;
import com.sun.net.httpserver.HttpsParameters;
import java.io.IOException;
import java.net.InetAddress;
import java.net.ServerSocket;
import java.net.Socket;
import java.security.GeneralSecurityException;
import java.security.cert.Certificate;
import java.util.List;
import javax.net.SocketFactory;
import javax.net.ssl.KeyManager;
import javax.net.ssl.SSLContext;
import javax.net.ssl.SSLParameters;
import javax.net.ssl.SSLSocket;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;
import spark.jobserver.api.tls.KeyFiles;
import spark.jobserver.link.Trust;

/**
 * The TLS that the server's end of the link speaks, of version 1.2 or newer: by files that may be
 * replaced, and what drivers know it by. Drivers show no certificates: they have tokens and keys.
 */
public final class LinkTls {
  private static final Logger LOG = LoggerFactory.getLogger(LinkTls.class);
  private static final String[] PROTOCOLS = {"TLSv1.3", "TLSv1.2"};
  private static final int CHECK_MILLIS = 10_000;

  private final SSLContext context;
  private final Trust trust;

  private LinkTls(FollowedKeys keys, Trust trust) throws GeneralSecurityException {
    this.trust = trust;
    this.context = SSLContext.getInstance("TLS");
    context.init(new KeyManager[] {keys}, null, null);
  }

  /**
   * By a certificate that drivers take as it is, and no other, whatever it is of.
   *
   * @throws IllegalArgumentException naming the file that cannot be used, and why
   */
  public static LinkTls pinned(KeyFiles files) {
    try {
      FollowedKeys keys = new FollowedKeys(files);
      return new LinkTls(keys, Trust.inCertificate(keys.certificate()));
    } catch (GeneralSecurityException e) {
      throw new IllegalArgumentException("the link's certificate cannot be used", e);
    }
  }

  /**
   * By a certificate that an authority has signed.
   *
   * @param authorities whom drivers trust
   * @throws IllegalArgumentException naming the file that cannot be used, and why
   */
  public static LinkTls signed(KeyFiles files, List<Certificate> authorities) {
    try {
      return new LinkTls(new FollowedKeys(files), Trust.inAuthorities(authorities));
    } catch (GeneralSecurityException e) {
      throw new IllegalArgumentException("the link's certificates cannot be used", e);
    }
  }

  /** Whom drivers have to take for the server. */
  public Trust trust() {
    return trust;
  }

  HttpsConfigurator configurator() {
    return new HttpsConfigurator(context) {
      @Override
      public void configure(HttpsParameters parameters) {
        parameters.setSSLParameters(new SSLParameters(null, PROTOCOLS)); // the JDK's suites
      }
    };
  }

  /**
   * Looks whether drivers will take a server that has this for theirs.
   *
   * @param host what they dial
   * @throws IOException saying why not
   */
  public void check(String host) throws IOException {
    InetAddress here = InetAddress.getLoopbackAddress();
    try (ServerSocket server = context.getServerSocketFactory().createServerSocket(0, 1, here)) {
      Thread showing = new Thread(() -> show(server), "link-check");
      showing.setDaemon(true);
      showing.start();
      try (Socket plain = SocketFactory.getDefault().createSocket(here, server.getLocalPort());
          SSLSocket driver =
              (SSLSocket) trust.context().getSocketFactory().createSocket(plain, host, 0, true)) {
        driver.setSoTimeout(CHECK_MILLIS);
        SSLParameters asked = driver.getSSLParameters();
        asked.setEndpointIdentificationAlgorithm("HTTPS");
        driver.setSSLParameters(asked);
        driver.startHandshake();
      }
    }
  }

  private static void show(ServerSocket server) {
    try (SSLSocket one = (SSLSocket) server.accept()) {
      one.setSoTimeout(CHECK_MILLIS);
      one.startHandshake();
    } catch (IOException e) {
      LOG.debug("the other side says what is wrong", e);
    }
  }
}
