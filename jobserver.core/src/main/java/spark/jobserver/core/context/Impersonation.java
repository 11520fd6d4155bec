package spark.jobserver.core.context;

import com.typesafe.config.Config;
import com.typesafe.config.ConfigException;
import com.typesafe.config.ConfigObject;
import com.typesafe.config.ConfigUtil;
import com.typesafe.config.ConfigValue;
import com.typesafe.config.ConfigValueFactory;
import java.util.ArrayList;
import java.util.List;
import java.util.Locale;
import java.util.Optional;
import java.util.Set;
import java.util.TreeSet;
import java.util.regex.Pattern;
import java.util.stream.Collectors;
import org.osgi.service.component.annotations.Activate;
import org.osgi.service.component.annotations.Component;
import org.osgi.service.component.annotations.ConfigurationPolicy;
import org.osgi.service.component.annotations.Reference;
import spark.jobserver.api.Context;
import spark.jobserver.api.server.Caller;
import spark.jobserver.api.server.ErrorCode;
import spark.jobserver.api.server.JobserverException;
import spark.jobserver.api.server.Settings;
import spark.jobserver.core.config.ImpersonationConfig;
import spark.jobserver.core.posted.PostedConfig;

/**
 * For whom contexts act: {@code spark.proxy.user}, in the place of the server's own user. Callers
 * name themselves, or others where they have been granted that; and beside it they may set only
 * what is listed, for a class path or a file would be read as the server's user. What the server's
 * own configuration says is taken as it is.
 */
@Component(
    service = Impersonation.class,
    configurationPid = ImpersonationConfig.PID,
    configurationPolicy = ConfigurationPolicy.REQUIRE)
public final class Impersonation {
  private static final String KEY = Context.PROXY_USER;
  private static final List<String> PATH = ConfigUtil.splitPath(KEY);
  private static final String DEFAULTS = "spark.context-settings";

  /** What Hadoop takes as it is: it reads more into {@code @} and {@code /}. */
  private static final Pattern NAME = Pattern.compile("[A-Za-z0-9_][A-Za-z0-9._-]{0,63}");

  /** A setting, or all settings below one; never all that Spark, Hadoop or Python has. */
  private static final Pattern ENTRY =
      Pattern.compile("[\\w-]+(\\.[\\w-]+)*|[\\w-]+(\\.[\\w-]+)+\\.\\*");

  private static final String ANYBODY = "*";

  /** How many of the settings that are not allowed a message names. */
  private static final int TOLD = 5;

  private final Settings settings;
  private final Set<String> users;
  private final boolean always;
  private final Set<String> allowed;
  private final List<String> allowedBelow;

  /** Those for whom contexts act only where they are listed by name. */
  private final Set<String> superiors;

  @Activate
  public Impersonation(ImpersonationConfig config, @Reference Settings settings) {
    this(
        List.of(config.users()),
        config.always(),
        List.of(config.allowed$_$settings()),
        System.getProperty("user.name"),
        settings);
  }

  /**
   * @param serverUser the operating system's user who runs the server
   */
  Impersonation(
      List<String> users,
      boolean always,
      List<String> allowed,
      String serverUser,
      Settings settings) {
    for (String entry : allowed) {
      if (!ENTRY.matcher(entry).matches()) {
        throw new IllegalArgumentException(
            ImpersonationConfig.PID
                + ".allowed-settings has names of settings, and names.of.blocks.* of two words at"
                + " least, not '"
                + entry
                + "'");
      }
    }
    this.settings = settings;
    this.users = Set.copyOf(users);
    this.always = always;
    this.allowed = Set.copyOf(allowed);
    this.allowedBelow =
        allowed.stream()
            .filter(entry -> entry.endsWith(".*"))
            .map(entry -> entry.substring(0, entry.length() - 1))
            .toList();
    this.superiors = Set.copyOf(List.of("root", serverUser.toLowerCase(Locale.ROOT)));
  }

  /**
   * What a caller asks of a context, with the user for whom it is to act.
   *
   * @param asked the settings that the caller gives
   * @param caller the caller's name; empty where nobody is asked for one
   * @param granted whether the caller may name others
   * @throws JobserverException {@link ErrorCode#IMPERSONATION} when the caller may not name that
   *     user, {@link ErrorCode#CONFIG} when it is no user or another setting is not allowed then
   */
  Config checked(Config asked, String caller, boolean granted) {
    List<Leaf> leaves = new ArrayList<>();
    collect(asked.root(), List.of(), leaves);
    leaves.forEach(Leaf::checkSpelling);
    Config defaults = settings.config().getConfig(DEFAULTS);
    Optional<String> usual = user(defaults);
    Optional<String> wanted = user(asked.withFallback(defaults));
    if (wanted.isEmpty() && usual.isPresent()) {
      throw refused(
          "contexts act for %s by the server's configuration, and callers cannot change that to"
                  .formatted(usual.get())
              + " the server's own user");
    }
    boolean own = wanted.isEmpty() && always && !granted;
    if (wanted.isEmpty() && !own) {
      return asked;
    }
    if (!wanted.equals(usual) || own) {
      check(wanted.orElse(caller), caller, granted);
    }
    checkSettings(leaves);
    return own ? asked.withValue(KEY, ConfigValueFactory.fromAnyRef(caller)) : asked;
  }

  /**
   * Lets a caller run jobs in a context: they act for whom the context acts for.
   *
   * @param context its name
   * @param user for whom it acts; empty for the server's own user
   * @param caller as in {@link #checked}
   * @param granted as in {@link #checked}
   * @throws JobserverException {@link ErrorCode#IMPERSONATION} when the caller may not act for that
   *     user and the server's configuration has not named it
   */
  public void checkUse(String context, Optional<String> user, String caller, boolean granted) {
    boolean foreign = user.map(name -> !name.equals(caller)).orElse(always);
    if (foreign && !granted && !isConfigured(context, user)) {
      throw refused(
          "jobs in the context %s act for %s: that needs the permission %s, %s"
              .formatted(
                  PostedConfig.shown(context),
                  user.orElse("the server's own user"),
                  Caller.IMPERSONATE,
                  "which the caller does not have"));
    }
  }

  /** Whether the configuration says so itself, for all contexts or for that of this name. */
  private boolean isConfigured(String context, Optional<String> user) {
    Config config = settings.config();
    Optional<String> usual = text(config, DEFAULTS + "." + KEY);
    String own = ConfigUtil.joinPath("spark", "contexts", context);
    return (user.isPresent() && user.equals(usual))
        || (config.hasPath(own) && text(config, own + "." + KEY).or(() -> usual).equals(user));
  }

  private void check(String user, String caller, boolean granted) {
    if (caller.isEmpty()) {
      throw refused(
          "nobody is asked who they are (spark.jobserver.auth.ways), so that nobody may act for"
              + " anybody");
    }
    if (!NAME.matcher(user).matches()) {
      throw PostedConfig.refused(
          "%s must be the name of a user, of 1 to 64 letters, digits and . _ -, not '%s'"
              .formatted(KEY, PostedConfig.shown(user)));
    }
    if (!granted && !user.equals(caller)) {
      throw refused(
          "to act for %s needs the permission %s, which the caller does not have (it is %s)"
              .formatted(user, Caller.IMPERSONATE, PostedConfig.shown(caller)));
    }
    boolean superior = superiors.contains(user.toLowerCase(Locale.ROOT));
    if (!users.contains(user) && (superior || !users.contains(ANYBODY))) {
      throw refused(
          "%s is not in %s.users%s"
              .formatted(
                  user,
                  ImpersonationConfig.PID,
                  superior ? ", where root and the server's own user must be named" : ""));
    }
  }

  private void checkSettings(List<Leaf> leaves) {
    Set<String> refused = new TreeSet<>();
    for (Leaf leaf : leaves) {
      if (!leaf.path().equals(PATH) && !isAllowed(leaf.name())) {
        refused.add(PostedConfig.shown(leaf.name()));
      } else if ((leaf.name() + leaf.text()).chars().anyMatch(Character::isISOControl)) {
        // A properties file and a script hand some of them on, as options of a JVM.
        throw PostedConfig.refused(
            "%s has control characters, which a context with %s does not take"
                .formatted(PostedConfig.shown(leaf.name()), KEY));
      }
    }
    if (!refused.isEmpty()) {
      throw PostedConfig.refused(
          "a context with %s takes no other settings than %s.allowed-settings lists, so not %s%s"
              .formatted(
                  KEY,
                  ImpersonationConfig.PID,
                  refused.stream().limit(TOLD).collect(Collectors.joining(", ")),
                  refused.size() > TOLD ? ", …" : ""));
    }
  }

  private boolean isAllowed(String name) {
    return allowed.contains(name) || allowedBelow.stream().anyMatch(name::startsWith);
  }

  private static Optional<String> user(Config config) {
    try {
      return text(config, KEY);
    } catch (ConfigException e) {
      throw PostedConfig.unreadable(e.getMessage(), e);
    }
  }

  private static Optional<String> text(Config config, String path) {
    return config.hasPath(path) ? Optional.of(config.getString(path)) : Optional.empty();
  }

  private static JobserverException refused(String why) {
    return new JobserverException(ErrorCode.IMPERSONATION, KEY + ": " + why);
  }

  /** A setting: all that is no object, {@code null} too, which hides what the server says. */
  private record Leaf(List<String> path, ConfigValue value) {
    Leaf {
      path = List.copyOf(path);
    }

    /** The name as Spark has it, whose parts HOCON may have quoted. */
    String name() {
      return String.join(".", path);
    }

    String text() {
      return String.valueOf(value.unwrapped());
    }

    /** Whoever asks for a user in another way must not get a context that acts for the server's. */
    void checkSpelling() {
      String letters = name().toLowerCase(Locale.ROOT).replaceAll("[^a-z]", "");
      if (!path.equals(PATH)
          && (letters.equals("proxyuser") || letters.endsWith("sparkproxyuser"))) {
        throw PostedConfig.refused(
            "'%s' names no user: it is spelled %s, outside of other blocks"
                .formatted(PostedConfig.shown(name()), KEY));
      }
    }
  }

  private static void collect(ConfigObject object, List<String> path, List<Leaf> leaves) {
    object.forEach(
        (key, value) -> {
          List<String> inner = new ArrayList<>(path);
          inner.add(key);
          if (value instanceof ConfigObject block) {
            collect(block, inner, leaves);
          } else {
            leaves.add(new Leaf(inner, value));
          }
        });
  }
}
