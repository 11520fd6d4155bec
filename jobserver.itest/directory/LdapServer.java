import com.unboundid.ldap.listener.InMemoryDirectoryServer;
import com.unboundid.ldap.listener.InMemoryDirectoryServerConfig;
import com.unboundid.ldap.listener.InMemoryListenerConfig;
import com.unboundid.util.ssl.KeyStoreKeyManager;
import com.unboundid.util.ssl.SSLUtil;
import com.unboundid.util.ssl.TrustAllTrustManager;
import java.net.InetAddress;

/**
 * A directory on the loopback, which ends with its standard input: {@code LdapServer BASE LDIF
 * KEYSTORE PASSWORD}. It prints the port where it speaks LDAPS.
 */
public final class LdapServer {
  private LdapServer() {}

  public static void main(String[] arguments) throws Exception {
    SSLUtil tls =
        new SSLUtil(
            new KeyStoreKeyManager(arguments[2], arguments[3].toCharArray(), "PKCS12", null),
            new TrustAllTrustManager());
    InMemoryDirectoryServerConfig config = new InMemoryDirectoryServerConfig(arguments[0]);
    config.setListenerConfigs(
        InMemoryListenerConfig.createLDAPSConfig(
            "tls",
            InetAddress.getLoopbackAddress(),
            0,
            tls.createSSLServerSocketFactory(),
            null));
    try (InMemoryDirectoryServer server = new InMemoryDirectoryServer(config)) {
      server.importFromLDIF(true, arguments[1]);
      server.startListening();
      System.out.println(server.getListenPort());
      while (System.in.read() >= 0) {
        // Somebody still wants it.
      }
    }
  }
}
