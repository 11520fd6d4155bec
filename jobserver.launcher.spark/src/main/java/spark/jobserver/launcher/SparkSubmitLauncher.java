package spark.jobserver.launcher;

import com.typesafe.config.Config;
import com.typesafe.config.ConfigException;
import java.io.BufferedReader;
import java.io.IOException;
import java.lang.ProcessBuilder.Redirect;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardCopyOption;
import java.nio.file.StandardOpenOption;
import java.nio.file.attribute.PosixFilePermissions;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Properties;
import java.util.TreeMap;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.Executors;
import java.util.concurrent.ScheduledExecutorService;
import java.util.concurrent.ScheduledFuture;
import java.util.concurrent.TimeUnit;
import org.apache.spark.launcher.SparkLauncher;
import org.osgi.framework.BundleContext;
import org.osgi.service.component.annotations.Activate;
import org.osgi.service.component.annotations.Component;
import org.osgi.service.component.annotations.Deactivate;
import org.osgi.service.component.annotations.Reference;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;
import spark.jobserver.api.context.ContextRequest;
import spark.jobserver.api.driver.DriverLauncher;
import spark.jobserver.api.driver.DriverProcess;
import spark.jobserver.api.driver.DriverSpec;
import spark.jobserver.api.driver.SpareDriver;
import spark.jobserver.api.server.Settings;

/**
 * Starts drivers through Spark's launcher, which runs {@code spark-submit}, in client deploy mode.
 * A driver outlives the server: it holds no pipe to it, and is found again by its {@link
 * DriverReference}.
 */
@Component
public final class SparkSubmitLauncher implements DriverLauncher {
  private static final Logger LOG = LoggerFactory.getLogger(SparkSubmitLauncher.class);
  private static final String MAIN_CLASS = "spark.jobserver.boot.DriverMain";
  private static final String CLASS_ARCHIVE = "spark.jobserver.driver.class-archive";
  private static final String DONE = "exit code 0";
  private static final long POLL = 200;
  private static final List<String> FOLDERS = List.of("work", "tmp", "local", "warehouse", "log");

  private final Path sparkHome;
  private final Path bundles;
  private final Path cache;
  private final Config config;
  private final ClassArchive archive;
  private final ScheduledExecutorService watch =
      Executors.newSingleThreadScheduledExecutor(SparkSubmitLauncher::watchThread);

  /** The launcher of a server: boot tells by framework properties where things are. */
  @Activate
  public SparkSubmitLauncher(BundleContext framework, @Reference Settings settings) {
    this(
        Path.of(framework.getProperty("jobserver.spark.home")),
        Path.of(framework.getProperty("jobserver.home")).resolve("bundles"),
        Path.of(framework.getProperty("jobserver.cache")),
        settings.config());
    announceArchive();
  }

  private void announceArchive() {
    try {
      if (usesArchive() && archive.exists()) {
        LOG.info("drivers start with the class archive {}", archive.file());
      }
    } catch (IOException e) {
      LOG.warn("drivers start without a class archive", e);
    }
  }

  SparkSubmitLauncher(Path sparkHome, Path bundles, Path cache, Config config) {
    this.sparkHome = sparkHome;
    this.bundles = bundles;
    this.cache = cache;
    this.config = config;
    this.archive =
        new ClassArchive(
            cache,
            sparkHome.resolve("jars"),
            List.of(bundles.resolve("jobserver.boot.jar"), bundles.resolve("driver")));
  }

  private static Thread watchThread(Runnable work) {
    Thread thread = new Thread(work, "driver-exits");
    thread.setDaemon(true);
    return thread;
  }

  @Deactivate
  void close() {
    watch.shutdownNow();
  }

  @Override
  public DriverProcess launch(DriverSpec spec) throws IOException {
    SparkProperties properties = withArchive(properties(spec));
    return start(spec, properties);
  }

  @Override
  public Optional<SpareDriver> launchSpare(DriverSpec spec) throws IOException {
    SparkProperties properties = properties(spec);
    SparkSubmitProcess process = start(spec, withArchive(properties));
    return Optional.of(new SpareProcess(spec, properties, this::properties, process));
  }

  @Override
  public boolean needsTraining() {
    try {
      return usesArchive() && !archive.exists();
    } catch (IOException e) {
      LOG.warn("whether there is a class archive cannot be told", e);
      return false;
    }
  }

  @Override
  public DriverProcess train(DriverSpec spec) throws IOException {
    Path part = archive.part();
    SparkSubmitProcess process = start(spec, properties(spec).withJvm(ClassArchive.write(part)));
    return process.whenItEnds(how -> archive.publish(part, how.equals(DONE)));
  }

  private boolean usesArchive() {
    return config.getBoolean(CLASS_ARCHIVE);
  }

  private SparkProperties withArchive(SparkProperties properties) throws IOException {
    return usesArchive() && archive.exists()
        ? properties.withJvm(ClassArchive.use(archive.file()))
        : properties;
  }

  private SparkSubmitProcess start(DriverSpec spec, SparkProperties properties) throws IOException {
    if (properties.isClusterMode()) {
      throw new IOException(
          "spark.submit.deployMode=cluster is not supported yet: leave it out, or set it to client");
    }
    requireReadable(bundles.resolve("jobserver.boot.jar"));
    requireReadable(bundles.resolve("driver"));
    requireSparkSubmit();
    for (String name : FOLDERS) {
      Files.createDirectories(spec.folder().resolve(name));
    }
    Path file = SparkProperties.file(spec.folder());
    writePrivately(file, properties.text());

    String marker = DriverReference.marker(spec.contextId(), spec.epoch());
    SparkLauncher launcher =
        new SparkLauncher(environment(spec, marker, properties))
            .setSparkHome(sparkHome.toString())
            .setPropertiesFile(file.toString())
            .setMainClass(MAIN_CLASS)
            .setAppResource(bundles.resolve("jobserver.boot.jar").toString())
            .addAppArgs(
                spec.enrolment().toString(),
                spec.folder().toString(),
                bundles.resolve("driver").toString())
            .directory(spec.folder().resolve("work").toFile())
            .redirectError()
            .redirectOutput(Redirect.appendTo(ContextRequest.driverLog(spec.folder()).toFile()));
    properties.proxyUser().ifPresent(user -> launcher.addSparkArg("--proxy-user", user));
    Process process = launcher.launch();
    process.getOutputStream().close(); // Its standard input: at its end from the start.
    long startTime = ProcessEntry.find(process.pid()).map(ProcessEntry::startTime).orElse(0L);
    DriverReference reference =
        new DriverReference(process.pid(), startTime, marker, spec.folder());
    LOG.info("context {}: started driver {}, process {}", spec.contextId(), marker, process.pid());
    return new SparkSubmitProcess(
        reference,
        process.onExit().thenApply(ended -> words(ended)),
        SparkSubmitProcess.startBy(properties.text()));
  }

  private SparkProperties properties(DriverSpec spec) throws IOException {
    try {
      return SparkProperties.of(
          spec.contextName(),
          spec.settings(),
          spec.folder(),
          config.getString(SparkProperties.MASTER),
          sparkDefaults());
    } catch (ConfigException e) {
      throw new IOException("The context's settings are not usable: " + e.getMessage(), e);
    }
  }

  /** Spark itself ignores its defaults when it is given a properties file. */
  private Map<String, String> sparkDefaults() throws IOException {
    String folder = System.getenv("SPARK_CONF_DIR");
    Path file =
        (folder == null ? sparkHome.resolve("conf") : Path.of(folder))
            .resolve("spark-defaults.conf");
    Map<String, String> defaults = new TreeMap<>();
    if (Files.isRegularFile(file)) {
      Properties properties = new Properties();
      try (BufferedReader reader = Files.newBufferedReader(file, StandardCharsets.UTF_8)) {
        properties.load(reader);
      }
      properties.stringPropertyNames().stream()
          .filter(key -> key.startsWith("spark."))
          .forEach(key -> defaults.put(key, properties.getProperty(key).strip()));
    }
    return defaults;
  }

  private Map<String, String> environment(
      DriverSpec spec, String marker, SparkProperties properties) {
    Map<String, String> environment = new TreeMap<>(properties.environment());
    environment.put(DriverReference.VARIABLE, marker);
    environment.put("JOBSERVER_CACHE", cache.toString());
    environment.put("JAVA_HOME", System.getProperty("java.home"));
    environment.put("TMPDIR", spec.folder().resolve("tmp").toString());
    // The C library gives every thread a memory arena otherwise: tens of megabytes in an idle
    // driver.
    environment.put("MALLOC_ARENA_MAX", "2");
    return environment;
  }

  private void requireSparkSubmit() throws IOException {
    Path submit = sparkHome.resolve("bin").resolve("spark-submit");
    if (!Files.isRegularFile(submit)) {
      throw new IOException(
          submit
              + " does not exist: start the server with SPARK_HOME set to a Spark installation,"
              + " 3.5 or newer");
    }
    if (!Files.isExecutable(submit)) {
      throw new IOException(
          submit + " is not executable by the server's user: chmod +x it, or use another Spark");
    }
  }

  private static void requireReadable(Path path) throws IOException {
    if (!Files.isReadable(path)) {
      throw new IOException(
          path + " is missing or not readable: the server's distribution is incomplete");
    }
  }

  /** Writes a file that only the user can read, all at once. */
  static void writePrivately(Path file, String text) throws IOException {
    Path part = file.resolveSibling(file.getFileName() + ".part");
    Files.deleteIfExists(part);
    Files.createFile(
        part, PosixFilePermissions.asFileAttribute(PosixFilePermissions.fromString("rw-------")));
    Files.writeString(part, text, StandardOpenOption.WRITE);
    Files.move(part, file, StandardCopyOption.ATOMIC_MOVE);
  }

  /** A shell and Java say 128 + n for a process that was ended by signal n. */
  private static String words(Process ended) {
    int code = ended.exitValue();
    return switch (code) {
      case 128 + 6 -> "signal 6 (SIGABRT)";
      case 128 + 9 -> "signal 9 (SIGKILL)";
      case 128 + 11 -> "signal 11 (SIGSEGV)";
      case 128 + 15 -> "signal 15 (SIGTERM)";
      default -> "exit code " + code;
    };
  }

  @Override
  public Optional<DriverProcess> find(String reference) {
    return DriverReference.parse(reference)
        .map(found -> SparkSubmitProcess.found(found, exitOf(found)));
  }

  /** The kernel tells only the parent that a process has ended, so look from time to time. */
  private CompletableFuture<String> exitOf(DriverReference reference) {
    CompletableFuture<String> exit = new CompletableFuture<>();
    if (!completeIfEnded(exit, reference)) {
      ScheduledFuture<?> poll =
          watch.scheduleWithFixedDelay(
              () -> completeIfEnded(exit, reference), POLL, POLL, TimeUnit.MILLISECONDS);
      exit.whenComplete((words, error) -> poll.cancel(false));
    }
    return exit;
  }

  private static boolean completeIfEnded(
      CompletableFuture<String> exit, DriverReference reference) {
    return !reference.runs()
        && exit.complete("unknown exit code, for an earlier server had started it");
  }
}
