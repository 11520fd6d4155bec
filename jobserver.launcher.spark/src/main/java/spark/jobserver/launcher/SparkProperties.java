package spark.jobserver.launcher;

import com.typesafe.config.Config;
import com.typesafe.config.ConfigException;
import com.typesafe.config.ConfigUtil;
import com.typesafe.config.ConfigValue;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.Collections;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Optional;
import java.util.TreeMap;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import java.util.stream.Collectors;
import spark.jobserver.api.Context;

/**
 * The Spark properties of a driver, made from the settings of its context. Later ones win: what
 * every driver gets, Spark's own {@code spark-defaults.conf}, the server's master, then the
 * settings as SJS reads them: {@code num-cpu-cores} and {@code memory-per-node}, the keys {@code
 * spark.*}, the block {@code hadoop}, the block {@code passthrough}. The user for whom the driver
 * acts is one of them for this launcher alone, and counts where the settings say it in one way
 * only: {@value Context#PROXY_USER}.
 *
 * @param values the properties, in the order of their names
 */
record SparkProperties(Map<String, String> values) {
  static final String MASTER = "spark.master";
  static final String LOOPBACK = "127.0.0.1";

  private static final String DRIVER_MEMORY = "spark.driver.memory";
  private static final String JAVA_OPTIONS = "spark.driver.extraJavaOptions";
  private static final String DEFAULT_JAVA_OPTIONS = "spark.driver.defaultJavaOptions";
  private static final String LOCAL_DIRECTORY = "spark.local.dir";
  private static final String BIND_ADDRESS = "spark.driver.bindAddress";
  private static final String DEPLOY_MODE = "spark.submit.deployMode";

  private static final Pattern MEMORY = Pattern.compile("(\\d{1,9})([bkmgtp]?)b?");
  private static final Pattern COLLECTOR = Pattern.compile("-XX:\\+Use\\w+GC\\b");
  private static final Pattern LOCAL_HOST =
      Pattern.compile("(localhost|127(\\.\\d{1,3}){3}|\\[::1\\])(:\\d+)?");

  /** The masters for which Spark makes itself a secret. */
  private static final Pattern MAKES_SECRET = Pattern.compile("local(\\[[^\\]]*\\])?");

  private static final long SMALL_HEAP = 2L << 30;

  SparkProperties {
    values = Collections.unmodifiableMap(new TreeMap<>(values));
  }

  /**
   * The properties of one driver.
   *
   * @param contextName becomes the application's name
   * @param settings the merged settings of the context
   * @param folder the driver's own folder
   * @param serverMaster the master where the settings name none
   * @param sparkDefaults what Spark's {@code spark-defaults.conf} says
   * @throws ConfigException when a setting is not of its type
   */
  static SparkProperties of(
      String contextName,
      Config settings,
      Path folder,
      String serverMaster,
      Map<String, String> sparkDefaults) {
    Map<String, String> values = new TreeMap<>();
    values.put(DRIVER_MEMORY, "1g");
    values.put(LOCAL_DIRECTORY, folder.resolve("local").toString());
    values.put("spark.sql.warehouse.dir", "file:" + folder.resolve("warehouse"));
    values.put("spark.ui.port", "0");
    values.put("spark.ui.showConsoleProgress", "false");
    // Its pages ask nobody who they are: not even other users of this machine may kill by them.
    values.put("spark.ui.killEnabled", "false");
    values.putAll(sparkDefaults);
    values.put(MASTER, serverMaster);
    values.put("spark.app.name", contextName);
    putSettings(values, settings);
    values.remove(Context.PROXY_USER);
    if (settings.hasPath(Context.PROXY_USER)) {
      values.put(Context.PROXY_USER, settings.getString(Context.PROXY_USER));
    }
    if (MAKES_SECRET.matcher(values.get(MASTER)).matches()) {
      // Otherwise the driver has ports on which it takes Java objects of anybody.
      values.putIfAbsent("spark.authenticate", "true");
    }
    if (isOnLoopback(values.get(MASTER))) {
      values.putIfAbsent("spark.driver.host", LOOPBACK);
      values.putIfAbsent(BIND_ADDRESS, LOOPBACK);
    }
    values.put(DEFAULT_JAVA_OPTIONS, javaOptions(values, folder));
    return new SparkProperties(values);
  }

  private static void putSettings(Map<String, String> values, Config settings) {
    if (settings.hasPath("num-cpu-cores")) {
      values.put("spark.cores.max", Integer.toString(settings.getInt("num-cpu-cores")));
    }
    if (settings.hasPath("memory-per-node")) {
      values.put("spark.executor.memory", settings.getString("memory-per-node"));
    }
    if (settings.hasPath("spark")) {
      putBlock(values, settings, "spark", "spark.");
    }
    if (settings.hasPath("hadoop")) {
      putBlock(values, settings, "hadoop", "spark.hadoop.");
    }
    if (settings.hasPath("passthrough")) {
      putBlock(values, settings, "passthrough", "");
    }
  }

  private static void putBlock(
      Map<String, String> values, Config settings, String block, String prefix) {
    for (Map.Entry<String, ConfigValue> entry : settings.getConfig(block).entrySet()) {
      // HOCON quotes some keys; Spark knows nothing of that.
      String key = prefix + String.join(".", ConfigUtil.splitPath(entry.getKey()));
      values.put(key, text(entry.getValue()));
    }
  }

  private static String text(ConfigValue value) {
    Object plain = value.unwrapped();
    return plain instanceof List<?> list
        ? list.stream().map(String::valueOf).collect(Collectors.joining(","))
        : plain.toString();
  }

  /**
   * Ours come first, so that the operator's and the caller's win; but a JVM takes one collector
   * only.
   */
  private static String javaOptions(Map<String, String> values, Path folder) {
    String given = values.getOrDefault(DEFAULT_JAVA_OPTIONS, "");
    // Spark's classes take more than the JVM expects: it would collect everything, several times
    // before the context is there, only to find that nothing of them can go.
    StringBuilder options = new StringBuilder("-XX:MetaspaceSize=160m ");
    boolean choosesCollector =
        COLLECTOR.matcher(given + " " + values.getOrDefault(JAVA_OPTIONS, "")).find();
    if (!choosesCollector && bytes(values.get(DRIVER_MEMORY)) <= SMALL_HEAP) {
      // Measured: an idle driver needs less memory with it, and small heaps are collected fast.
      options.append("-XX:+UseSerialGC ");
    }
    options.append(quoted("-Djava.io.tmpdir=" + folder.resolve("tmp"))).append(' ');
    options.append(quoted("-Dderby.system.home=" + folder.resolve("work"))).append(' ');
    return options.append(given).toString().strip();
  }

  /** An option as Spark's launcher takes it out of a list: a double quote may hold anything. */
  static String quoted(String option) {
    return option.chars().anyMatch(c -> Character.isWhitespace(c) || c == '\'' || c == '"')
            || option.indexOf('\\') >= 0
        ? '"' + option.replace("\\", "\\\\").replace("\"", "\\\"") + '"'
        : option;
  }

  private static long bytes(String memory) {
    Matcher matcher = MEMORY.matcher(memory.strip().toLowerCase(Locale.ROOT));
    if (!matcher.matches()) {
      return Long.MAX_VALUE; // Spark will say what is wrong with it.
    }
    int power = "bkmgtp".indexOf(matcher.group(2).isEmpty() ? "m" : matcher.group(2));
    return Long.parseLong(matcher.group(1)) << (10 * power);
  }

  /** Whether nothing but this machine takes part, so that no other need reach the driver. */
  private static boolean isOnLoopback(String master) {
    if (master.startsWith("local")) {
      return true;
    }
    return master.startsWith("spark://")
        && Arrays.stream(master.substring("spark://".length()).split(",", -1))
            .allMatch(host -> LOCAL_HOST.matcher(host).matches());
  }

  /** The file that spark-submit reads them from, in a driver's folder. */
  static Path file(Path folder) {
    return folder.resolve("spark.properties");
  }

  /** These, with options for the driver's JVM before all others. */
  SparkProperties withJvm(String options) {
    Map<String, String> more = new TreeMap<>(values);
    more.merge(DEFAULT_JAVA_OPTIONS, options, (given, ours) -> ours + " " + given);
    return new SparkProperties(more);
  }

  /** For whom the driver acts, which is an argument of spark-submit and no property of Spark. */
  Optional<String> proxyUser() {
    return Optional.ofNullable(values.get(Context.PROXY_USER));
  }

  boolean isClusterMode() {
    return "cluster".equalsIgnoreCase(values.get(DEPLOY_MODE));
  }

  /** The variables of the environment that Spark prefers to these properties and to its user. */
  Map<String, String> environment() {
    Map<String, String> environment = new TreeMap<>();
    environment.put("SPARK_LOCAL_DIRS", values.get(LOCAL_DIRECTORY));
    if (LOOPBACK.equals(values.get(BIND_ADDRESS))) {
      environment.put("SPARK_LOCAL_IP", LOOPBACK);
    }
    proxyUser().ifPresent(user -> environment.put("SPARK_USER", user));
    return environment;
  }

  /**
   * As a properties file, which Spark reads as UTF-8. Spark knows no other keys than {@code
   * spark.*}.
   */
  String text() {
    StringBuilder text = new StringBuilder();
    values.forEach(
        (key, value) -> {
          if (key.startsWith("spark.") && !key.equals(Context.PROXY_USER)) {
            text.append(escaped(key, true)).append('=').append(escaped(value, false)).append('\n');
          }
        });
    return text.toString();
  }

  private static String escaped(String text, boolean key) {
    StringBuilder escaped = new StringBuilder();
    for (int i = 0; i < text.length(); i++) {
      char c = text.charAt(i);
      switch (c) {
        case '\\' -> escaped.append("\\\\");
        case '\n' -> escaped.append("\\n");
        case '\r' -> escaped.append("\\r");
        case '\t' -> escaped.append("\\t");
        case '\f' -> escaped.append("\\f");
        case ' ' -> escaped.append(key || i == 0 ? "\\ " : " ");
        case '=', ':', '#', '!' -> escaped.append(key ? "\\" : "").append(c);
        default -> escaped.append(c);
      }
    }
    return escaped.toString();
  }
}
