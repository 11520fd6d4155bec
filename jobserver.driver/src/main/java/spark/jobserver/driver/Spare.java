package spark.jobserver.driver;

import java.io.BufferedReader;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.FileSystems;
import java.nio.file.Files;
import java.nio.file.NoSuchFileException;
import java.nio.file.Path;
import java.nio.file.StandardWatchEventKinds;
import java.nio.file.WatchKey;
import java.nio.file.WatchService;
import java.time.Duration;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.List;
import java.util.Optional;
import java.util.Properties;
import java.util.concurrent.TimeUnit;
import java.util.stream.Stream;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;
import spark.jobserver.api.driver.SpareDriver;
import spark.jobserver.link.Command;
import spark.jobserver.link.SpareFile;
import spark.jobserver.link.Wire;

/**
 * A driver before it has a context. It makes one of its own and closes it, so that all that the
 * next will need is loaded, and waits until the next is wanted.
 *
 * <p>Spark reads its configuration from the system properties {@code spark.*}, which spark-submit
 * has set from a file in the driver's folder. The file is another when a context comes.
 */
final class Spare {
  private static final Logger LOG = LoggerFactory.getLogger(Spare.class);
  private static final String PROPERTIES = "spark.properties";
  private static final Duration LOOK = Duration.ofSeconds(1);

  /** How much earlier or later a process may seem to have started, when a clock is set. */
  private static final long CLOCK = 2000;

  private final Path folder;
  private final ContextMaker maker;
  private final SpareFile order;
  private final Properties started;

  private Spare(Path folder, ContextMaker maker, SpareFile order) throws IOException {
    this.folder = folder;
    this.maker = maker;
    this.order = order;
    this.started = properties();
  }

  /**
   * The spare that this driver is.
   *
   * @param folder the driver's folder
   * @return empty when it has a context already
   * @throws IOException when its order cannot be read
   */
  static Optional<Spare> in(Path folder, ContextMaker maker) throws IOException {
    try {
      byte[] order = Files.readAllBytes(folder.resolve(SpareFile.NAME));
      return Optional.of(new Spare(folder, maker, Wire.read(order, SpareFile.class)));
    } catch (NoSuchFileException e) {
      return Optional.empty();
    }
  }

  /**
   * Gets ready, and waits for a context.
   *
   * @return whether there is one; else this driver is not needed
   * @throws Exception when it cannot get ready
   */
  boolean await() throws Exception {
    try (WatchService news = FileSystems.getDefault().newWatchService()) {
      folder.register(news, StandardWatchEventKinds.ENTRY_CREATE);
      warmUp();
      if (order.training()) {
        LOG.info("this driver was for training only");
        return false;
      }
      Files.createFile(folder.resolve(SpareDriver.READY));
      LOG.info("this spare driver is ready");
      while (!Files.exists(folder.resolve(SpareDriver.ASSIGNED))) {
        if (!serverRuns()) {
          LOG.info("the server has ended: this spare driver is not needed any more");
          return false;
        }
        WatchKey key = news.poll(LOOK.toMillis(), TimeUnit.MILLISECONDS);
        if (key != null) {
          key.pollEvents();
          key.reset();
        }
      }
    }
    takeOn();
    return true;
  }

  private boolean serverRuns() {
    return ProcessHandle.of(order.serverPid())
        .filter(ProcessHandle::isAlive)
        .flatMap(server -> server.info().startInstant())
        .filter(start -> Math.abs(start.toEpochMilli() - order.serverStart()) <= CLOCK)
        .isPresent();
  }

  private void warmUp() throws Exception {
    // On this machine alone: nobody else need know.
    System.setProperty("spark.master", "local[1]");
    System.setProperty("spark.eventLog.enabled", "false");
    System.setProperty("spark.dynamicAllocation.enabled", "false");
    Path own = Files.createDirectories(folder.resolve("warm-up"));
    ClassLoader before = Thread.currentThread().getContextClassLoader();
    try {
      maker
          .make(order.factory(), bundles(), "warm-up", "warm-up", order.settings(), own)
          .context()
          .close();
    } finally {
      Thread.currentThread().setContextClassLoader(before);
      delete(own);
      System.clearProperty("spark.eventLog.enabled");
      System.clearProperty("spark.dynamicAllocation.enabled");
    }
  }

  /** Copies of the server's own: it may remove these. */
  private List<Factories.Jar> bundles() throws IOException {
    Path store = Files.createDirectories(folder.resolve(ContextDriver.BUNDLES));
    List<Factories.Jar> jars = new ArrayList<>();
    for (Command.BundleFile bundle : order.bundles()) {
      String name = bundle.digest() + ".jar";
      Path jar = Files.copy(Path.of(order.bundleFolder()).resolve(name), store.resolve(name));
      jars.add(new Factories.Jar(bundle, jar));
    }
    return jars;
  }

  private void takeOn() throws IOException {
    Properties wanted = properties();
    started.stringPropertyNames().stream()
        .filter(key -> !wanted.containsKey(key))
        .forEach(System::clearProperty);
    wanted.stringPropertyNames().forEach(key -> System.setProperty(key, wanted.getProperty(key)));
    LOG.info("this spare driver takes on a context");
  }

  private Properties properties() throws IOException {
    Properties properties = new Properties();
    try (BufferedReader reader =
        Files.newBufferedReader(folder.resolve(PROPERTIES), StandardCharsets.UTF_8)) {
      properties.load(reader);
    }
    return properties;
  }

  private static void delete(Path root) throws IOException {
    try (Stream<Path> tree = Files.walk(root)) {
      for (Path path : tree.sorted(Comparator.reverseOrder()).toList()) {
        Files.deleteIfExists(path);
      }
    }
  }
}
