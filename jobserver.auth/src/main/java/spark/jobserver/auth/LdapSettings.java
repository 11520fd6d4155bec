package spark.jobserver.auth;

import java.net.InetAddress;
import java.net.URI;
import java.net.UnknownHostException;
import java.util.List;
import javax.naming.InvalidNameException;
import javax.naming.ldap.LdapName;
import javax.naming.ldap.Rdn;
import spark.jobserver.api.auth.Members;

/**
 * What the configuration says of a directory, checked.
 *
 * @param startTls whether the connection is secured after it was made
 * @param userDn the name of a user's entry, with {@code {user}} where the name goes
 * @param groupsFilter with {@code {0}} for the name of the user's entry and {@code {1}} for the
 *     user's
 */
record LdapSettings(
    URI url,
    boolean startTls,
    String userDn,
    LdapName groupsBase,
    String groupsFilter,
    String groupName,
    Members members) {
  private static final String PREFIX = AuthConfig.PID + ".ldap.";
  private static final String USER = "{user}";

  /**
   * Reads it.
   *
   * @throws IllegalArgumentException naming the key whose value cannot be used, and why
   */
  static LdapSettings of(LdapConfig config) {
    URI url = url(config.ldap_url(), config.ldap_start$_$tls());
    String userDn = config.ldap_user$_$dn();
    if (!userDn.contains(USER)) {
      throw wrong(
          "user-dn",
          "is \"%s\": it is the name of a user's entry with %s for the user, such as uid=%s,ou=people,dc=example,dc=com"
              .formatted(userDn, USER, USER));
    }
    name("user-dn", userDn.replace(USER, "x"));
    String filter = config.ldap_groups_filter();
    if (!filter.startsWith("(") || !(filter.contains("{dn}") || filter.contains(USER))) {
      throw wrong(
          "groups.filter",
          "is \"%s\": it is a filter with {dn} or %s in it, such as (member={dn})"
              .formatted(filter, USER));
    }
    if (config.ldap_groups_name().isBlank()) {
      throw wrong("groups.name", "is empty: it is the attribute with a group's name, such as cn");
    }
    return new LdapSettings(
        url,
        url.getScheme().equals("ldap") && config.ldap_start$_$tls(),
        userDn,
        name("groups.base", config.ldap_groups_base()),
        filter.replace("{dn}", "{0}").replace(USER, "{1}"),
        config.ldap_groups_name(),
        new Members(
            List.of(config.ldap_roles_admin()),
            List.of(config.ldap_roles_user()),
            List.of(config.ldap_roles_tenant()),
            List.of(config.ldap_roles_reader())));
  }

  /** The name of the entry of a user, whatever characters that one's name has. */
  LdapName entry(String user) throws InvalidNameException {
    return new LdapName(userDn.replace(USER, Rdn.escapeValue(user)));
  }

  private static URI url(String text, boolean startTls) {
    URI url;
    try {
      url = URI.create(text);
    } catch (IllegalArgumentException e) {
      throw wrong("url", "is \"" + text + "\", which is no URL");
    }
    boolean ldaps = "ldaps".equals(url.getScheme());
    if (url.getHost() == null || !(ldaps || "ldap".equals(url.getScheme()))) {
      throw wrong("url", "is \"" + text + "\": it is a URL such as ldaps://ldap.example.com");
    }
    if (!ldaps && !startTls && !isLoopback(url.getHost())) {
      throw wrong(
          "url",
          "is \""
              + text
              + "\" without start-tls: passwords would go over the network as they are. Use"
              + " ldaps://, or start-tls = true");
    }
    return url;
  }

  private static boolean isLoopback(String host) {
    try {
      return InetAddress.getByName(host).isLoopbackAddress();
    } catch (UnknownHostException e) {
      return false;
    }
  }

  private static LdapName name(String key, String text) {
    try {
      LdapName name = new LdapName(text);
      if (!name.isEmpty()) {
        return name;
      }
    } catch (InvalidNameException e) {
      throw wrong(key, "is \"" + text + "\", which is no name of an entry: " + e.getMessage());
    }
    throw wrong(key, "is empty: it is the name of an entry, such as ou=groups,dc=example,dc=com");
  }

  private static IllegalArgumentException wrong(String key, String why) {
    return new IllegalArgumentException(PREFIX + key + " " + why);
  }
}
