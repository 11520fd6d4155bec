package spark.jobserver.auth;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.lang.annotation.Annotation;
import java.lang.reflect.Proxy;
import java.net.InetAddress;
import java.net.ServerSocket;
import java.nio.file.Path;
import java.time.Duration;
import java.util.HashMap;
import java.util.Map;
import java.util.Set;
import javax.net.ssl.SSLContext;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;
import spark.jobserver.api.auth.Identity;
import spark.jobserver.api.auth.Role;

@Timeout(60)
class LdapAccountsTest {
  private static final Accounts.Verdict WRONG = new Accounts.Verdict.Wrong();
  private static final Accounts.Verdict UNKNOWN = new Accounts.Verdict.Unknown();
  private static final Accounts.Verdict ADA = right("ada", Role.USER.permissions());
  @TempDir static Path folder;
  private static SSLContext before;
  private static Directory directory;

  @BeforeAll
  static void start() throws Exception {
    Path keys = Certificate.make(folder.resolve("keys.p12"));
    before = SSLContext.getDefault();
    SSLContext.setDefault(Certificate.trusting(keys));
    directory = new Directory(keys, Certificate.PASSWORD);
    directory.add(
        "uid=c\\+d," + Directory.PEOPLE,
        "objectClass: inetOrgPerson",
        "uid: c+d",
        "cn: c",
        "sn: d",
        "userPassword: secret");
    directory.add(
        "cn=odd,ou=groups,dc=example,dc=com",
        "objectClass: groupOfNames",
        "cn: odd",
        "cn: operators",
        "member: uid=c\\+d," + Directory.PEOPLE);
  }

  @AfterAll
  static void stop() {
    directory.close();
    SSLContext.setDefault(before);
  }

  private static Accounts.Verdict right(String name, Set<String> permissions) {
    return new Accounts.Verdict.Right(new Identity(name, "ldap", permissions, true));
  }

  private static LdapSettings settings(Map<String, Object> values) {
    Map<String, Object> all =
        new HashMap<>(
            Map.of(
                "ldap_url",
                directory.secureUrl(),
                "ldap_user$_$dn",
                "uid={user}," + Directory.PEOPLE,
                "ldap_groups_base",
                "ou=groups,dc=example,dc=com",
                "ldap_roles_admin",
                new String[] {"operators"},
                "ldap_roles_user",
                new String[] {"science"}));
    all.putAll(values);
    return LdapSettings.of(
        (LdapConfig)
            Proxy.newProxyInstance(
                LdapConfig.class.getClassLoader(),
                new Class<?>[] {LdapConfig.class, Annotation.class},
                (proxy, method, arguments) ->
                    all.getOrDefault(method.getName(), method.getDefaultValue())));
  }

  private static Accounts accounts(String... url) {
    return new LdapAccounts(settings(url.length == 0 ? Map.of() : Map.of("ldap_url", url[0])));
  }

  @Test
  void knowsTheUsersOfADirectoryByLdapsAndByStartTls() {
    for (Accounts accounts : new Accounts[] {accounts(), accounts(directory.url())}) {
      assertThat(accounts.verify("ada", "secret of ada")).isEqualTo(ADA);
      assertThat(accounts.verify("bob", "secret of bob")).isEqualTo(right("bob", Set.of()));
      assertThat(accounts.verify("ada", "secret of bob")).isEqualTo(WRONG);
      assertThat(accounts.verify("nobody", "secret of ada")).isEqualTo(WRONG);
    }
  }

  @Test
  void aNameThatADirectoryTakesForAnotherIsThatOne() {
    assertThat(accounts().verify("ADA", "secret of ada")).isEqualTo(ADA);
    for (String same : new String[] {" ada", "ada ", "a\u00adda", "\uff41da"}) {
      assertThat(accounts().verify(same, "secret of ada")).as(same).isEqualTo(UNKNOWN);
    }
  }

  @Test
  void withoutAPasswordNobodyIsAsked() {
    assertThat(accounts("ldap://127.0.0.1:1").verify("ada", "")).isEqualTo(UNKNOWN);
    assertThat(accounts().verify("ada", "")).isEqualTo(UNKNOWN);
  }

  @ParameterizedTest
  @ValueSource(
      strings = {
        "*",
        "ada)(uid=*",
        "ada,ou=people",
        "ada\\2c",
        "ada#",
        "ada;x",
        "ada=x",
        "ada\u0000",
        "ada/x",
        "ada<x>",
        "\"ada\"",
        "#ada"
      })
  void whatIsWrittenInFiltersAndNamesIsNoName(String name) throws Exception {
    assertThat(accounts().verify(name, "secret of ada")).isEqualTo(UNKNOWN);
    // And if it were, it would be of no other entry.
    assertThat(settings(Map.of()).entry(name).getPrefix(3).toString())
        .isEqualToIgnoringCase("ou=people,dc=example,dc=com");
    assertThat(settings(Map.of()).entry(name).size()).isEqualTo(4);
    assertThat(settings(Map.of()).entry(name).getRdn(3).getValue()).isEqualTo(name);
  }

  @Test
  void namesAndGroupsAreFoundWhateverIsInThem() {
    assertThat(accounts().verify("c+d", "secret")).isEqualTo(right("c+d", Set.of("*")));
    Accounts byName =
        new LdapAccounts(settings(Map.of("ldap_groups_filter", "(&(cn=*)(member=uid={user},*))")));
    assertThat(byName.verify("c+d", "secret")).isEqualTo(right("c+d", Set.of()));
  }

  @Test
  void aPasswordIsNotSaidToWhoeverHasNoCertificateForIt() throws Exception {
    Path keys = Certificate.make(folder.resolve("others.p12"));
    try (Directory other = new Directory(keys, Certificate.PASSWORD);
        Directory plain = new Directory()) {
      for (String url : new String[] {other.secureUrl(), other.url(), plain.url()}) {
        assertThat(accounts(url).verify("ada", "secret of ada"))
            .as(url)
            .isInstanceOf(Accounts.Verdict.Unavailable.class);
      }
    }
  }

  @Test
  void whenTheDirectoryDoesNotAnswerItCannotTell() throws Exception {
    assertThat(accounts("ldap://127.0.0.1:1").verify("ada", "secret of ada"))
        .isInstanceOf(Accounts.Verdict.Unavailable.class);
    try (ServerSocket silent = new ServerSocket(0, 1, InetAddress.getLoopbackAddress())) {
      long start = System.nanoTime();
      assertThat(
              accounts("ldaps://127.0.0.1:" + silent.getLocalPort()).verify("ada", "secret of ada"))
          .isInstanceOf(Accounts.Verdict.Unavailable.class);
      assertThat(Duration.ofNanos(System.nanoTime() - start)).isLessThan(Duration.ofSeconds(20));
    }
  }

  @Test
  void theThreadIsGivenBackAsItWas() throws Exception {
    Thread thread = Thread.currentThread();
    ClassLoader own = thread.getContextClassLoader();
    ClassLoader ofNothing = new ClassLoader(null) {};
    try {
      thread.setContextClassLoader(ofNothing);
      assertThat(accounts().verify("ada", "secret of ada")).isEqualTo(ADA);
      assertThat(thread.getContextClassLoader()).isSameAs(ofNothing);
    } finally {
      thread.setContextClassLoader(own);
    }
  }

  @Test
  void whatIsWrongIsNamed() {
    isRefused("ldap_url", "", "ldap.url is \"\": it is a URL such as ldaps://");
    isRefused("ldap_url", "http://ldap.example.com", "ldap.url is");
    isRefused("ldap_user$_$dn", "uid=ada", "ldap.user-dn is \"uid=ada\"");
    isRefused("ldap_user$_$dn", "{user}@example.com", "which is no name of an entry");
    isRefused("ldap_groups_base", "", "ldap.groups.base is empty");
    isRefused("ldap_groups_base", "groups", "which is no name of an entry");
    isRefused("ldap_groups_filter", "member={dn}", "ldap.groups.filter is");
    isRefused("ldap_groups_filter", "(cn=*)", "it is a filter with {dn} or {user} in it");
    isRefused("ldap_groups_name", "", "ldap.groups.name is empty");
    assertThatThrownBy(
            () -> settings(Map.of("ldap_url", "ldap://192.0.2.1", "ldap_start$_$tls", false)))
        .hasMessageContaining("passwords would go over the network as they are");
    assertThat(
            settings(Map.of("ldap_url", "ldap://127.0.0.1", "ldap_start$_$tls", false)).startTls())
        .isFalse();
  }

  private static void isRefused(String key, String value, String words) {
    assertThatThrownBy(() -> settings(Map.of(key, value)))
        .isInstanceOf(IllegalArgumentException.class)
        .hasMessageStartingWith("spark.jobserver.auth.ldap.")
        .hasMessageContaining(words);
  }
}
