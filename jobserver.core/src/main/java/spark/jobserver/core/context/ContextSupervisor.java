package spark.jobserver.core.context;

import java.io.IOException;
import java.net.InetAddress;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardCopyOption;
import java.time.Clock;
import java.time.Duration;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CompletionStage;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.ScheduledExecutorService;
import java.util.concurrent.ThreadFactory;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.function.BooleanSupplier;
import org.osgi.framework.Bundle;
import org.osgi.framework.BundleContext;
import org.osgi.framework.Constants;
import org.osgi.service.component.annotations.Activate;
import org.osgi.service.component.annotations.Component;
import org.osgi.service.component.annotations.ConfigurationPolicy;
import org.osgi.service.component.annotations.Deactivate;
import org.osgi.service.component.annotations.Reference;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;
import spark.jobserver.api.Context;
import spark.jobserver.api.Failure;
import spark.jobserver.api.Job;
import spark.jobserver.api.dao.DriverRecord;
import spark.jobserver.api.dao.JobDao;
import spark.jobserver.api.driver.DriverLauncher;
import spark.jobserver.api.driver.DriverProcess;
import spark.jobserver.api.server.Caller;
import spark.jobserver.api.server.ErrorCode;
import spark.jobserver.api.server.JobObserver;
import spark.jobserver.api.server.JobserverException;
import spark.jobserver.core.DataFolder;
import spark.jobserver.core.Room;
import spark.jobserver.core.ServerCounters;
import spark.jobserver.core.callback.JobCallbacks;
import spark.jobserver.core.config.CoreConfig;
import spark.jobserver.core.config.DriverConfig;
import spark.jobserver.core.config.DriverSettings;
import spark.jobserver.core.plugin.BundleStore;
import spark.jobserver.core.store.ActiveStore;
import spark.jobserver.link.EnrolmentFile;
import spark.jobserver.link.Trust;
import spark.jobserver.link.Wire;
import spark.jobserver.link.server.LinkServer;

/**
 * Holds the live contexts, and the end of the link that their drivers dial. When it starts it takes
 * up what an earlier server has left: drivers that live are waited for, the others' contexts and
 * jobs are ended. When the server stops it stops all contexts, unless it is asked to leave them
 * running.
 */
@Component(
    service = ContextSupervisor.class,
    configurationPid = {CoreConfig.PID, DriverConfig.PID},
    configurationPolicy = ConfigurationPolicy.REQUIRE)
public final class ContextSupervisor {
  private static final Logger LOG = LoggerFactory.getLogger(ContextSupervisor.class);

  /** How many heartbeats a driver may miss before it counts as out of reach. */
  private static final int MISSED_HEARTBEATS = 4;

  private static final int LAST_WORK_SECONDS = 10;

  private final Map<String, LiveContext> contexts = new ConcurrentHashMap<>();

  /** The ids of those whose names may turn out to be taken. */
  private final Set<String> nameless = ConcurrentHashMap.newKeySet();

  private final JobDao dao;
  private final DataFolder data;
  private final ExecutorService workers;
  private final ScheduledExecutorService timer;
  private final Surroundings around;
  private final DriverSettings settings;
  private final Trust trust;
  private final int mostContexts;
  private final LinkServer link;
  private final BooleanSupplier serverStops;
  private volatile boolean stopping;

  @Activate
  public ContextSupervisor(
      BundleContext bundle,
      CoreConfig core,
      DriverConfig config,
      @Reference ActiveStore store,
      @Reference DriverLauncher launcher,
      @Reference BundleStore bundles,
      @Reference JobCallbacks callbacks,
      @Reference ServerCounters counters,
      @Reference LinkSecurity security)
      throws IOException {
    this(
        DataFolder.of(bundle),
        DriverSettings.of(config),
        security,
        core.max$_$contexts(),
        store.dao(),
        launcher,
        bundles,
        callbacks,
        counters,
        () -> bundle.getBundle(Constants.SYSTEM_BUNDLE_LOCATION).getState() == Bundle.STOPPING);
  }

  ContextSupervisor(
      DataFolder data,
      DriverSettings settings,
      LinkSecurity security,
      int mostContexts,
      JobDao dao,
      DriverLauncher launcher,
      BundleStore bundles,
      JobCallbacks callbacks,
      ServerCounters counters,
      BooleanSupplier serverStops)
      throws IOException {
    if (mostContexts < 1) {
      throw new IllegalArgumentException(
          "spark.jobserver.max-contexts must be at least 1, not " + mostContexts);
    }
    this.dao = dao;
    this.serverStops = serverStops;
    this.mostContexts = mostContexts;
    this.data = data;
    this.settings = settings;
    this.trust = security.trust();
    this.workers = Executors.newCachedThreadPool(threads("core-"));
    this.timer = Executors.newSingleThreadScheduledExecutor(threads("core-timer-"));
    this.around =
        new Surroundings(
            dao,
            launcher,
            data,
            callbacks,
            counters,
            Clock.systemUTC(),
            workers,
            timer,
            settings.stopTimeout(),
            settings.heartbeat().multipliedBy(MISSED_HEARTBEATS));
    takeUp();
    this.link =
        new LinkServer(
            InetAddress.getByName(settings.linkAddress()),
            settings.linkPort(),
            security.tls(),
            data.spool().resolve("link"),
            new Desk(id -> Optional.ofNullable(contexts.get(id)), dao, bundles));
    publishAddress();
  }

  private static ThreadFactory threads(String prefix) {
    AtomicInteger count = new AtomicInteger();
    return work -> {
      Thread thread = new Thread(work, prefix + count.incrementAndGet());
      thread.setDaemon(true);
      return thread;
    };
  }

  /** Drivers of an earlier server read here where this one is. */
  private void publishAddress() throws IOException {
    Path part = data.linkUrl().resolveSibling("link-url.part");
    Files.writeString(part, link.url());
    Files.move(part, data.linkUrl(), StandardCopyOption.ATOMIC_MOVE);
  }

  // What an earlier server has left

  private void takeUp() {
    Set<String> wishes = Set.copyOf(dao.killWishes());
    Map<String, LiveContext> taken = new HashMap<>();
    for (Context context : dao.activeContexts()) {
      DriverRecord driver =
          dao.driver(context.id()).orElse(new DriverRecord(context.id(), 1, "", "", ""));
      taken.put(context.id(), live(context, driver));
    }
    for (Job job : dao.activeJobs()) {
      LiveContext context = taken.get(job.contextId());
      if (context == null) {
        orphan(job);
      } else {
        context.jobs().adopt(job, dao.callback(job.id()), wishes.contains(job.id()));
      }
    }
    taken.values().forEach(this::reconnect);
    // A server may have died between the making of a context and that of its only job, or between
    // the ends of both.
    taken.values().forEach(LiveContext::stopIfNeedless);
  }

  private void orphan(Job job) {
    Context context = dao.context(job.contextId()).orElse(null);
    Failure why = lost("the context is over");
    JobLife.End end =
        context == null || !context.state().isFinal()
            ? JobLife.orphaned(why)
            : JobLife.contextOver(job, context, false);
    if (dao.endJob(job.id(), end.state(), around.now(), end.failure(), Optional.empty())) {
      around.counters().ended(end.state(), JobObserver.Times.UNKNOWN);
    }
  }

  private void reconnect(LiveContext context) {
    Optional<DriverProcess> found =
        Optional.of(context.driver().process())
            .filter(reference -> !reference.isEmpty())
            .flatMap(around.launcher()::find);
    if (found.filter(DriverProcess::isAlive).isPresent()) {
      LOG.info("context {}: its driver still runs and is waited for", context.context().id());
      warnOfStranger(context.context().id());
      context.takeUp(found.get());
    } else {
      LOG.info("context {}: its driver is gone", context.context().id());
      found.ifPresent(DriverProcess::kill); // what it has started may outlive it
      context.on(new ContextLife.Event.DriverGone(lost("its driver ended meanwhile")));
    }
  }

  /** A driver knows the link as it was when it was started. */
  private void warnOfStranger(String id) {
    try {
      byte[] file = Files.readAllBytes(data.context(id).resolve(DataFolder.ENROLMENT));
      if (!Wire.read(file, EnrolmentFile.class).trust().equals(trust)) {
        LOG.warn(
            "context {}: its driver knows the link by another certificate, or without TLS, and may not find this server: it does again with spark.jobserver.link-tls as it was",
            id);
      }
    } catch (IOException e) {
      LOG.debug("context {}: {}", id, e.toString());
    }
  }

  private static Failure lost(String how) {
    return new Failure(
        "Reconnect failed after Jobserver restart: " + how, JobLife.RECONNECT_CLASS, "");
  }

  // The contexts of this server

  private LiveContext live(Context context, DriverRecord driver) {
    LiveContext live =
        new LiveContext(around, context, driver, over -> contexts.remove(over.context().id()));
    contexts.put(context.id(), live);
    return live;
  }

  /** The contexts that are not final. */
  List<LiveContext> all() {
    return contexts.values().stream()
        .filter(live -> !nameless.contains(live.context().id()))
        .toList();
  }

  /** The context of this name that is not final. */
  public Optional<LiveContext> find(String name) {
    return contexts.values().stream()
        .filter(live -> live.context().name().equals(name) && !live.context().state().isFinal())
        .filter(live -> !nameless.contains(live.context().id()))
        .findFirst();
  }

  /** The live context of that name, where the caller sees it. */
  public Optional<LiveContext> find(String name, Caller caller) {
    return find(name).filter(live -> caller.sees(live.context().owner()));
  }

  /** The context with this id, if it is not final. */
  public Optional<LiveContext> byId(String id) {
    return Optional.ofNullable(contexts.get(id));
  }

  /** The context in which a job runs that is not final. */
  public Optional<LiveContext> ofJob(String jobId) {
    return contexts.values().stream()
        .filter(live -> live.jobs().submission(jobId).isPresent())
        .findFirst();
  }

  /**
   * Makes a context.
   *
   * @param context as it was just asked for
   * @param starter by which its driver is started
   * @return the context, on record and on its way
   * @throws JobserverException {@link ErrorCode#CONTEXT_EXISTS} or {@link
   *     ErrorCode#TOO_MANY_CONTEXTS}
   */
  LiveContext create(Context context, LiveContext.Starter starter) {
    LiveContext live = add(context);
    workers.execute(() -> live.launch(this::enrolment, starter));
    return live;
  }

  /**
   * Puts a context on record that cannot be made.
   *
   * @throws JobserverException as {@link #create}
   */
  LiveContext refuse(Context context, Failure why) {
    LiveContext live = add(context);
    live.on(new ContextLife.Event.CannotStart(why));
    return live;
  }

  private LiveContext add(Context context) {
    // In the map first: then either this sees that the server stops, or what stops it sees this;
    // and of several at the same time none is overlooked. But its name is not its own yet.
    nameless.add(context.id());
    try {
      return addNameless(context);
    } finally {
      nameless.remove(context.id());
    }
  }

  private LiveContext addNameless(Context context) {
    LiveContext live = live(context, new DriverRecord(context.id(), 1, "", "", ""));
    boolean added = false;
    try {
      if (stopping) {
        throw new JobserverException(ErrorCode.UNAVAILABLE, "The server is stopping.");
      }
      if (contexts.size() > mostContexts) {
        throw new JobserverException(
            ErrorCode.TOO_MANY_CONTEXTS,
            "Too many contexts (%d); stop one, or raise spark.jobserver.max-contexts"
                .formatted(mostContexts));
      }
      added = Room.needed(() -> dao.insertContext(context));
    } finally {
      if (!added) {
        contexts.remove(context.id());
      }
    }
    if (!added) {
      throw new JobserverException(
          ErrorCode.CONTEXT_EXISTS, "context " + context.name() + " exists");
    }
    around.counters().count(context.state());
    return live;
  }

  private EnrolmentFile enrolment(EnrolmentFile driver) {
    return new EnrolmentFile(
        driver.contextId(),
        driver.epoch(),
        driver.token(),
        link.url(),
        data.linkUrl().toString(),
        settings.abandonedAfter().toMillis(),
        settings.heartbeat().toMillis(),
        trust);
  }

  /**
   * Stops a context.
   *
   * @return the context once it is final
   */
  public CompletionStage<Context> stop(LiveContext live) {
    live.on(new ContextLife.Event.StopAsked());
    return live.over();
  }

  /**
   * Stops everything when the server stops, unless it is asked not to; else, as when the store
   * goes, leaves the drivers to the next supervisor.
   */
  @Deactivate
  void close() throws IOException {
    stopping = true;
    try {
      if (!serverStops.getAsBoolean()) {
        LOG.info("{} contexts go on by themselves, until the core is back", contexts.size());
      } else if (Files.deleteIfExists(data.keepContexts())) {
        LOG.info("{} contexts are left running", contexts.size());
      } else {
        stopAll();
      }
    } finally {
      link.close();
      timer.shutdownNow();
      finishWork();
      contexts.values().forEach(LiveContext::leave);
    }
  }

  /** What is being written is written: a store may not bear interrupts. */
  private void finishWork() {
    workers.shutdown();
    try {
      if (!workers.awaitTermination(LAST_WORK_SECONDS, TimeUnit.SECONDS)) {
        workers.shutdownNow();
      }
    } catch (InterruptedException e) {
      workers.shutdownNow();
      Thread.currentThread().interrupt();
    }
  }

  /** A store that refuses keeps no other context from being stopped. */
  private void stopAtTheEnd(LiveContext context) {
    try {
      context.on(new ContextLife.Event.StopAsked());
    } catch (RuntimeException e) {
      LOG.error("context {}: cannot be stopped", context.context().id(), e);
    }
  }

  private void stopAll() {
    List<LiveContext> live = List.copyOf(contexts.values());
    LOG.info("stopping {} contexts", live.size());
    live.forEach(this::stopAtTheEnd);
    CompletableFuture<?>[] ends =
        live.stream()
            .map(context -> context.over().toCompletableFuture())
            .toArray(CompletableFuture<?>[]::new);
    // One that does not end by itself is killed when its time is over, which takes a moment more.
    Duration most = around.stopTimeout().plusSeconds(10);
    CompletableFuture.allOf(ends)
        .completeOnTimeout(null, most.toMillis(), TimeUnit.MILLISECONDS)
        .join();
  }
}
