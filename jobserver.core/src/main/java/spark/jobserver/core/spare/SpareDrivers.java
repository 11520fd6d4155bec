package spark.jobserver.core.spare;

import com.typesafe.config.Config;
import com.typesafe.config.ConfigRenderOptions;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.time.Instant;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.UUID;
import java.util.concurrent.CompletionStage;
import java.util.concurrent.Executors;
import java.util.concurrent.ScheduledExecutorService;
import java.util.concurrent.TimeUnit;
import java.util.function.Function;
import org.osgi.framework.BundleContext;
import org.osgi.service.component.annotations.Activate;
import org.osgi.service.component.annotations.Component;
import org.osgi.service.component.annotations.ConfigurationPolicy;
import org.osgi.service.component.annotations.Deactivate;
import org.osgi.service.component.annotations.Reference;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;
import spark.jobserver.api.dao.JobDao;
import spark.jobserver.api.driver.DriverLauncher;
import spark.jobserver.api.driver.DriverProcess;
import spark.jobserver.api.driver.DriverSpec;
import spark.jobserver.api.driver.SpareDriver;
import spark.jobserver.api.server.Measured;
import spark.jobserver.api.server.Measurement;
import spark.jobserver.api.server.Settings;
import spark.jobserver.core.DataFolder;
import spark.jobserver.core.config.DriverConfig;
import spark.jobserver.core.config.DriverSettings;
import spark.jobserver.core.plugin.BundleFile;
import spark.jobserver.core.plugin.FactoryRevision;
import spark.jobserver.core.plugin.InstalledFactories;
import spark.jobserver.core.store.ActiveStore;
import spark.jobserver.link.SpareFile;
import spark.jobserver.link.Wire;

/**
 * Keeps drivers ready for contexts to come, with the settings that the server gives to contexts and
 * the factory that it uses by default. They are started when nothing else has started for a while,
 * so that they are in nobody's way.
 *
 * <p>A spare is on no record: it ends by itself when this server is gone, and what it leaves is
 * removed by the next.
 */
@Component(
    service = {SpareDrivers.class, Measured.class},
    immediate = true,
    configurationPid = DriverConfig.PID,
    configurationPolicy = ConfigurationPolicy.REQUIRE)
public final class SpareDrivers implements Measured {
  private static final Logger LOG = LoggerFactory.getLogger(SpareDrivers.class);
  private static final String BLOCK = "spark.context-settings";
  private static final String FACTORY = "context-factory";
  private static final String PROCESS = "spare-process";
  private static final Duration LOOK = Duration.ofSeconds(1);

  /** For how long nothing must have started. */
  private static final Duration QUIET = Duration.ofSeconds(5);

  /** After so many in a row that did not get ready, no further one is started. */
  private static final int MOST_FAILURES = 3;

  private final DataFolder data;
  private final Config settings;
  private final int wanted;
  private final Duration quiet;
  private final DriverLauncher launcher;
  private final Function<String, Optional<FactoryRevision>> factories;
  private final ScheduledExecutorService thread =
      Executors.newSingleThreadScheduledExecutor(SpareDrivers::thread);

  // Guarded by this:
  private final List<Spare> kept = new ArrayList<>();
  private Optional<DriverProcess> trained = Optional.empty();
  private int starting;
  private long quietSince = System.nanoTime();
  private int failures;
  private boolean closed;

  @Activate
  public SpareDrivers(
      BundleContext bundle,
      DriverConfig config,
      @Reference Settings settings,
      @Reference DriverLauncher launcher,
      @Reference InstalledFactories factories,
      @Reference ActiveStore store)
      throws IOException {
    this(
        DataFolder.of(bundle),
        settings.config().getConfig(BLOCK),
        DriverSettings.of(config).spares(),
        QUIET,
        launcher,
        factories::find);
    removeLeftOvers(store.dao());
    thread.scheduleWithFixedDelay(
        this::look, LOOK.toMillis(), LOOK.toMillis(), TimeUnit.MILLISECONDS);
  }

  SpareDrivers(
      DataFolder data,
      Config settings,
      int wanted,
      Duration quiet,
      DriverLauncher launcher,
      Function<String, Optional<FactoryRevision>> factories) {
    this.data = data;
    this.settings = settings;
    this.wanted = wanted;
    this.quiet = quiet;
    this.launcher = launcher;
    this.factories = factories;
  }

  private static Thread thread(Runnable work) {
    Thread thread = new Thread(work, "spare-drivers");
    thread.setDaemon(true);
    return thread;
  }

  /**
   * Takes a spare for a context, which is the caller's from now on.
   *
   * @param factory the context's factory
   * @param contextSettings its merged settings
   */
  public synchronized Optional<Spare> take(FactoryRevision factory, Config contextSettings) {
    Optional<Spare> found =
        kept.stream()
            .filter(one -> one.bundles().equals(factory.bundles()))
            .filter(one -> one.driver().isReady() && one.driver().suits(contextSettings))
            .findFirst();
    found.ifPresent(kept::remove);
    if (found.isPresent()) {
      failures = 0; // it has got ready
    }
    return found;
  }

  /** Takes back a spare whose context came to nothing before it was told of it. */
  public void giveBack(Spare spare) {
    synchronized (this) {
      if (!closed) {
        kept.add(spare);
        return;
      }
    }
    discard(spare.driver());
  }

  private void discard(SpareDriver spare) {
    spare.kill();
    clear(spare.contextId());
  }

  /**
   * Starts the driver of a context, from a spare that was taken for it. One that has died meanwhile
   * is replaced by a cold start.
   *
   * @throws IOException as {@link DriverLauncher#launch}
   */
  public DriverProcess start(Spare spare, DriverSpec spec) throws IOException {
    if (spare.driver().isReady()) {
      return spare.driver().assign(spec);
    }
    LOG.warn("context {}: its spare driver has died; another driver is started", spec.contextId());
    spare.driver().kill();
    Files.deleteIfExists(spec.folder().resolve(SpareFile.NAME));
    return launcher.launch(spec);
  }

  @Override
  public synchronized List<Measurement> measurements() {
    long ready = kept.stream().filter(one -> one.driver().isReady()).count();
    return List.of(counted("ready", ready), counted("starting", kept.size() - ready));
  }

  private static Measurement counted(String state, long count) {
    return Measurement.gauge(
        "jobserver_spare_drivers",
        "Drivers that wait for a context, and that are about to",
        Map.of("state", state),
        count);
  }

  /** Nothing is started while a context starts, and for a while afterwards. */
  public void yieldTo(CompletionStage<?> context) {
    synchronized (this) {
      starting++;
    }
    context.whenComplete(
        (done, error) -> {
          synchronized (this) {
            starting--;
            quietSince = System.nanoTime();
          }
        });
  }

  // What is done now and then

  /** Looks whether a driver is to be started. Called by one thread. */
  void look() {
    try {
      step();
    } catch (IOException | RuntimeException e) {
      LOG.warn("a spare driver cannot be started", e);
      failed();
    }
  }

  private void step() throws IOException {
    Optional<FactoryRevision> factory = factories.apply(settings.getString(FACTORY));
    removeUseless(factory);
    if (factory.filter(FactoryRevision::allowsSpares).isEmpty() || !isQuiet()) {
      return;
    }
    if (launcher.needsTraining()) {
      train(factory.get());
    } else if (isWanting()) {
      launch(factory.get());
    }
  }

  private synchronized boolean isQuiet() {
    boolean training = trained.filter(DriverProcess::isAlive).isPresent();
    boolean gettingReady = kept.stream().anyMatch(one -> !one.driver().isReady());
    return !closed
        && !training
        && !gettingReady
        && starting == 0
        && failures < MOST_FAILURES
        && System.nanoTime() - quietSince >= quiet.toNanos();
  }

  private synchronized boolean isWanting() {
    return kept.size() < wanted;
  }

  private synchronized void failed() {
    failures++;
    if (failures == MOST_FAILURES) {
      LOG.error("no more spare drivers are started: {} did not get ready", MOST_FAILURES);
    }
  }

  /** Those that have died, and those of a factory that is not the same any more. */
  private void removeUseless(Optional<FactoryRevision> factory) {
    List<Spare> useless;
    synchronized (this) {
      useless =
          kept.stream()
              .filter(
                  one ->
                      one.driver().exit().toCompletableFuture().isDone()
                          || factory.filter(now -> now.bundles().equals(one.bundles())).isEmpty())
              .toList();
      kept.removeAll(useless);
    }
    useless.forEach(one -> discard(one.driver()));
  }

  private void train(FactoryRevision factory) throws IOException {
    DriverSpec spec = order(factory, true);
    LOG.info("a driver is started for training, so that later ones start faster");
    DriverProcess process = launcher.train(spec);
    boolean late;
    synchronized (this) {
      trained = Optional.of(process);
      late = closed;
    }
    if (late) {
      process.kill(); // the server was stopped meanwhile
    }
    note(spec, process.reference());
    process
        .exit()
        .thenAccept(
            how -> {
              if (launcher.needsTraining()) {
                LOG.warn("training a driver was of no use: {}", how);
                failed();
              }
              clear(spec.contextId());
            });
  }

  private void launch(FactoryRevision factory) throws IOException {
    DriverSpec spec = order(factory, false);
    Optional<SpareDriver> started = launcher.launchSpare(spec);
    if (started.isEmpty()) {
      clear(spec.contextId());
      synchronized (this) {
        failures = MOST_FAILURES; // this launcher keeps none
      }
      return;
    }
    SpareDriver spare = started.get();
    LOG.info("a spare driver is started for the context to come, {}", spec.contextId());
    boolean late;
    synchronized (this) {
      late = closed;
      if (!late) {
        kept.add(new Spare(spare, factory.bundles()));
      }
    }
    if (late) {
      discard(spare); // the server was stopped meanwhile
      return;
    }
    note(spec, spare.reference());
    spare.exit().thenAccept(how -> ended(spare, spec, how));
  }

  /**
   * One that nobody has ended or taken has ended: that it was ready once is noted in its folder.
   */
  private synchronized void ended(SpareDriver spare, DriverSpec spec, String how) {
    boolean mine = kept.stream().anyMatch(one -> one.driver() == spare);
    if (mine && !Files.exists(spec.folder().resolve(SpareDriver.READY))) {
      LOG.warn("a spare driver did not get ready: {}", how);
      failed();
    }
  }

  /** Makes a folder with all that a spare needs to know. */
  private DriverSpec order(FactoryRevision factory, boolean training) throws IOException {
    String id = UUID.randomUUID().toString();
    Path folder = data.newContext(id);
    ProcessHandle server = ProcessHandle.current();
    SpareFile order =
        new SpareFile(
            factory.name(),
            BundleFile.told(factory.bundles()),
            data.bundles().toString(),
            settings.root().render(ConfigRenderOptions.concise()),
            server.pid(),
            server.info().startInstant().map(Instant::toEpochMilli).orElse(0L),
            training);
    Files.write(folder.resolve(SpareFile.NAME), Wire.line(order));
    return new DriverSpec(id, 1, "spare", settings, folder, folder.resolve(DataFolder.ENROLMENT));
  }

  private static void note(DriverSpec spec, String reference) throws IOException {
    Files.writeString(spec.folder().resolve(PROCESS), reference);
  }

  private void clear(String id) {
    try {
      data.removeContext(id);
    } catch (IOException e) {
      LOG.warn("the folder of the spare driver {} cannot be removed", id, e);
    }
  }

  // The beginning and the end

  /** Removes what an earlier server has left, which was killed. */
  void removeLeftOvers(JobDao dao) throws IOException {
    for (String id : data.contextsWith(SpareFile.NAME)) {
      if (dao.context(id).isEmpty()) {
        Path process = data.context(id).resolve(PROCESS);
        if (Files.exists(process)) {
          launcher.find(Files.readString(process)).ifPresent(DriverProcess::kill);
        }
        clear(id);
      }
    }
  }

  /** Ends those that nobody has taken. */
  @Deactivate
  void close() {
    thread.shutdownNow();
    List<Spare> left;
    synchronized (this) {
      closed = true;
      left = List.copyOf(kept);
      kept.clear();
      trained.ifPresent(DriverProcess::kill);
    }
    left.forEach(one -> discard(one.driver()));
  }
}
