package spark.jobserver.auth;

import com.unboundid.ldap.listener.InMemoryDirectoryServer;
import com.unboundid.ldap.listener.InMemoryDirectoryServerConfig;
import com.unboundid.ldap.listener.InMemoryListenerConfig;
import com.unboundid.ldap.sdk.LDAPException;
import com.unboundid.ldif.LDIFException;
import com.unboundid.util.ssl.KeyStoreKeyManager;
import com.unboundid.util.ssl.SSLUtil;
import com.unboundid.util.ssl.TrustAllTrustManager;
import java.net.InetAddress;
import java.nio.file.Path;
import java.security.GeneralSecurityException;

/** A directory of users and groups: an LDAP server on the loopback, for tests. */
public final class Directory implements AutoCloseable {
  static final String PEOPLE = "ou=people,dc=example,dc=com";
  private final InMemoryDirectoryServer server;

  /**
   * Starts one that speaks LDAP, with StartTLS, and LDAPS.
   *
   * @param keys a PKCS#12 file with its certificate
   */
  public Directory(Path keys, String password) throws LDAPException, GeneralSecurityException {
    this(config(keys, password));
  }

  /** Starts one that speaks plain LDAP alone. */
  public Directory() throws LDAPException {
    this(config());
  }

  private Directory(InMemoryDirectoryServerConfig config) throws LDAPException {
    server = new InMemoryDirectoryServer(config);
    add("dc=example,dc=com", "objectClass: domain", "dc: example");
    add(PEOPLE, "objectClass: organizationalUnit", "ou: people");
    add("ou=groups,dc=example,dc=com", "objectClass: organizationalUnit", "ou: groups");
    for (String user : new String[] {"ada", "bob"}) {
      add(
          "uid=" + user + "," + PEOPLE,
          "objectClass: inetOrgPerson",
          "uid: " + user,
          "cn: " + user,
          "sn: " + user,
          "userPassword: secret of " + user);
    }
    group("science", "ada");
    group("staff", "ada", "bob");
    server.startListening();
  }

  private static InMemoryDirectoryServerConfig config() throws LDAPException {
    InMemoryDirectoryServerConfig config = new InMemoryDirectoryServerConfig("dc=example,dc=com");
    config.setListenerConfigs(
        InMemoryListenerConfig.createLDAPConfig(
            "plain", InetAddress.getLoopbackAddress(), 0, null));
    return config;
  }

  private static InMemoryDirectoryServerConfig config(Path keys, String password)
      throws LDAPException, GeneralSecurityException {
    SSLUtil tls =
        new SSLUtil(
            new KeyStoreKeyManager(keys.toFile(), password.toCharArray(), "PKCS12", null),
            new TrustAllTrustManager());
    InMemoryDirectoryServerConfig config = config();
    config.setListenerConfigs(
        InMemoryListenerConfig.createLDAPConfig(
            "plain", InetAddress.getLoopbackAddress(), 0, tls.createSSLSocketFactory()),
        InMemoryListenerConfig.createLDAPSConfig(
            "tls",
            InetAddress.getLoopbackAddress(),
            0,
            tls.createSSLServerSocketFactory(),
            tls.createSSLSocketFactory()));
    return config;
  }

  /** Adds an entry. */
  void add(String name, String... attributes) throws LDAPException {
    String[] lines = new String[attributes.length + 1];
    lines[0] = "dn: " + name;
    System.arraycopy(attributes, 0, lines, 1, attributes.length);
    try {
      server.add(lines);
    } catch (LDIFException e) {
      throw new IllegalArgumentException(e);
    }
  }

  private void group(String name, String... members) throws LDAPException {
    String[] attributes = new String[members.length + 2];
    attributes[0] = "objectClass: groupOfNames";
    attributes[1] = "cn: " + name;
    for (int i = 0; i < members.length; i++) {
      attributes[i + 2] = "member: uid=" + members[i] + "," + PEOPLE;
    }
    add("cn=" + name + ",ou=groups,dc=example,dc=com", attributes);
  }

  /** Where it speaks LDAP. */
  public String url() {
    return "ldap://127.0.0.1:" + server.getListenPort("plain");
  }

  /** Where it speaks LDAPS. */
  String secureUrl() {
    return "ldaps://127.0.0.1:" + server.getListenPort("tls");
  }

  @Override
  public void close() {
    server.shutDown(true);
  }
}
