package spark.jobserver.auth;

import java.io.IOException;
import java.text.Normalizer;
import java.time.Duration;
import java.util.Collections;
import java.util.HashSet;
import java.util.Hashtable;
import java.util.Locale;
import java.util.Map;
import java.util.Set;
import java.util.regex.Pattern;
import javax.naming.AuthenticationException;
import javax.naming.Context;
import javax.naming.NameNotFoundException;
import javax.naming.NamingEnumeration;
import javax.naming.NamingException;
import javax.naming.NamingSecurityException;
import javax.naming.OperationNotSupportedException;
import javax.naming.directory.Attribute;
import javax.naming.directory.InvalidAttributeValueException;
import javax.naming.directory.SearchControls;
import javax.naming.directory.SearchResult;
import javax.naming.ldap.InitialLdapContext;
import javax.naming.ldap.LdapContext;
import javax.naming.ldap.LdapName;
import javax.naming.ldap.StartTlsRequest;
import javax.naming.ldap.StartTlsResponse;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;
import spark.jobserver.api.auth.Identity;

/**
 * Knows the users of a directory, by LDAP: it signs in there as the user, and looks as that one
 * which groups the user is in. The server has no account of its own there. Java brings what it
 * takes for that.
 */
final class LdapAccounts implements Accounts {
  private static final Logger LOG = LoggerFactory.getLogger(LdapAccounts.class);

  /**
   * A directory takes more spellings for one name than these, which would be as many users here,
   * each with guesses of its own.
   */
  private static final Pattern NAME = Pattern.compile("[\\p{L}\\p{N}][\\p{L}\\p{N}._@+-]{0,127}");

  private static final String CONNECT_MILLIS = "3000";
  private static final String READ_MILLIS = "5000";
  private static final int MOST_GROUPS = 1000;
  private static final Verdict UNAVAILABLE =
      new Verdict.Unavailable("The directory of users does not answer as it should. Try again.");

  private final LdapSettings settings;

  LdapAccounts(LdapSettings settings) {
    this.settings = settings;
  }

  @Override
  public Verdict verify(String name, String password) {
    // Whoever gives a name without a password is let in by a directory, as nobody.
    if (!isName(name) || password.isEmpty()) {
      return new Verdict.Unknown();
    }
    Thread thread = Thread.currentThread();
    ClassLoader before = thread.getContextClassLoader();
    // Java looks there for what speaks LDAP.
    thread.setContextClassLoader(ClassLoader.getSystemClassLoader());
    try {
      return signedIn(name.toLowerCase(Locale.ROOT), password);
    } catch (NamingSecurityException e) {
      LOG.debug("the directory does not take a name or its password: {}", e.getMessage());
      return new Verdict.Wrong();
    } catch (NamingException | IOException e) {
      LOG.warn("the directory at {} does not answer as it should: {}", settings.url(), words(e));
      return UNAVAILABLE;
    } finally {
      thread.setContextClassLoader(before);
    }
  }

  @Override
  public boolean isGuess(String name) {
    return isName(name);
  }

  static boolean isName(String name) {
    return NAME.matcher(name).matches() && Normalizer.isNormalized(name, Normalizer.Form.NFKC);
  }

  private static String words(Exception e) {
    return e.getCause() == null ? e.toString() : e + ", " + e.getCause();
  }

  private Verdict signedIn(String name, String password) throws NamingException, IOException {
    LdapName entry = settings.entry(name);
    Map<String, String> credentials =
        Map.of(
            Context.SECURITY_AUTHENTICATION,
            "simple",
            Context.SECURITY_PRINCIPAL,
            entry.toString(),
            Context.SECURITY_CREDENTIALS,
            password);
    LdapContext directory = signIn(credentials);
    try {
      return new Verdict.Right(
          new Identity(
              name,
              Way.LDAP.text(),
              settings.members().permissions(groups(directory, entry, name)),
              true));
    } finally {
      directory.close();
    }
  }

  /** Opens a connection as somebody. */
  private interface Bind {
    LdapContext open() throws NamingException;
  }

  /** Directories say in several ways that they do not take somebody. */
  private static LdapContext bound(Bind bind) throws NamingException {
    try {
      return bind.open();
    } catch (NameNotFoundException
        | InvalidAttributeValueException
        | OperationNotSupportedException e) {
      NamingSecurityException refused = new AuthenticationException(e.getMessage());
      refused.setRootCause(e);
      throw refused;
    }
  }

  private LdapContext signIn(Map<String, String> credentials) throws NamingException, IOException {
    return settings.startTls()
        ? signInByStartTls(credentials)
        : bound(() -> new InitialLdapContext(environment(credentials), null));
  }

  private LdapContext signInByStartTls(Map<String, String> credentials)
      throws NamingException, IOException {
    LdapContext directory = new InitialLdapContext(environment(Map.of()), null);
    boolean signedIn = false;
    try {
      StartTlsResponse tls = (StartTlsResponse) directory.extendedOperation(new StartTlsRequest());
      tls.negotiate();
      for (Map.Entry<String, String> one : credentials.entrySet()) {
        directory.addToEnvironment(one.getKey(), one.getValue());
      }
      bound(
          () -> {
            directory.reconnect(null);
            return directory;
          });
      signedIn = true;
      return directory;
    } finally {
      if (!signedIn) {
        directory.close();
      }
    }
  }

  @SuppressWarnings("JdkObsolete")
  private Hashtable<String, String> environment(Map<String, String> credentials) {
    Hashtable<String, String> environment = new Hashtable<>(credentials);
    environment.put(Context.INITIAL_CONTEXT_FACTORY, "com.sun.jndi.ldap.LdapCtxFactory");
    environment.put(Context.PROVIDER_URL, settings.url().toString());
    environment.put(Context.REFERRAL, "ignore");
    environment.put("com.sun.jndi.ldap.connect.timeout", CONNECT_MILLIS);
    environment.put("com.sun.jndi.ldap.read.timeout", READ_MILLIS);
    return environment;
  }

  /**
   * The names of the groups of a user. What stands for the user in the filter is escaped by the
   * directory's client. Only attributes are asked for: no object is made of what the directory has.
   *
   * @throws IOException when the user may not look, which is no fault of the user's
   */
  @SuppressWarnings("BanJNDI")
  private Set<String> groups(LdapContext directory, LdapName entry, String name)
      throws NamingException, IOException {
    SearchControls controls = new SearchControls();
    controls.setSearchScope(SearchControls.SUBTREE_SCOPE);
    controls.setReturningAttributes(new String[] {settings.groupName()});
    controls.setCountLimit(MOST_GROUPS);
    controls.setTimeLimit(Integer.parseInt(READ_MILLIS));
    Set<String> groups = new HashSet<>();
    try {
      NamingEnumeration<SearchResult> found =
          directory.search(
              settings.groupsBase(),
              settings.groupsFilter(),
              new Object[] {entry.toString(), name},
              controls);
      while (found.hasMore()) {
        Attribute names = found.next().getAttributes().get(settings.groupName());
        if (names != null) {
          Collections.list(names.getAll()).forEach(value -> groups.add(String.valueOf(value)));
        }
      }
    } catch (NamingSecurityException e) {
      throw new IOException("a user may not look for groups: " + e.getMessage(), e);
    }
    return groups;
  }

  @Override
  public Duration validFor() {
    return Duration.ofMinutes(1);
  }

  /** The directory does not tell when it changes. */
  @Override
  public Object edition() {
    return "";
  }
}
