package spark.jobserver.core.context;

import com.typesafe.config.Config;
import com.typesafe.config.ConfigFactory;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.attribute.FileAttribute;
import java.nio.file.attribute.PosixFilePermission;
import java.nio.file.attribute.PosixFilePermissions;
import java.time.Duration;
import java.time.Instant;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CompletionStage;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.TimeUnit;
import java.util.function.Consumer;
import java.util.function.UnaryOperator;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;
import spark.jobserver.api.Content;
import spark.jobserver.api.Context;
import spark.jobserver.api.ContextState;
import spark.jobserver.api.Failure;
import spark.jobserver.api.Job;
import spark.jobserver.api.JobState;
import spark.jobserver.api.dao.DriverRecord;
import spark.jobserver.api.driver.DriverProcess;
import spark.jobserver.api.driver.DriverSpec;
import spark.jobserver.api.server.ErrorCode;
import spark.jobserver.api.server.Jobs.Ended;
import spark.jobserver.api.server.Jobs.Submission;
import spark.jobserver.api.server.JobserverException;
import spark.jobserver.core.plugin.BundleFile;
import spark.jobserver.link.Command;
import spark.jobserver.link.EnrolmentFile;
import spark.jobserver.link.Event.JobEnded;
import spark.jobserver.link.Hello;
import spark.jobserver.link.Wire;
import spark.jobserver.link.driver.Outbox;
import spark.jobserver.link.server.CommandLog;

/**
 * A context that is not final, with its driver and its jobs. Carries out what {@link ContextLife}
 * and {@link JobLife} decide. Methods may be called from any thread.
 *
 * <p>The order in which things are written is what the server's guarantees stand on: a job is in
 * the store before its driver hears of it, its end is in the store before anybody is told, and a
 * context is final in the store only when its processes are gone and its jobs are final.
 */
public final class LiveContext {
  private static final Logger LOG = LoggerFactory.getLogger(LiveContext.class);
  private static final int LOG_LINES = 30;
  private static final String PATIENCE = "context-init-timeout";
  private static final Duration DEFAULT_PATIENCE = Duration.ofMinutes(2);
  private static final Duration RETRY = Duration.ofSeconds(1);
  private static final FileAttribute<Set<PosixFilePermission>> OWNER_ONLY_FOLDER =
      PosixFilePermissions.asFileAttribute(PosixFilePermissions.fromString("rwx------"));
  private static final FileAttribute<Set<PosixFilePermission>> OWNER_ONLY_FILE =
      PosixFilePermissions.asFileAttribute(PosixFilePermissions.fromString("rw-------"));

  /** Results up to this size, in bytes, go to who waits for them without another look-up. */
  private static final int AT_HAND = 256 * 1024;

  private final Surroundings around;
  private final Consumer<LiveContext> whenOver;
  private final CommandLog commands = new CommandLog();
  private final Map<String, LiveJob> jobs = new ConcurrentHashMap<>();
  private final Set<String> killWishes = ConcurrentHashMap.newKeySet();
  private final CompletableFuture<Context> created = new CompletableFuture<>();
  private final CompletableFuture<Context> over = new CompletableFuture<>();
  private volatile Context context;
  private volatile long lastContact = System.nanoTime() - TimeUnit.DAYS.toNanos(1);
  // Guarded by this:
  private DriverRecord driver;
  private Optional<DriverProcess> process = Optional.empty();
  private int slotsTaken;

  /**
   * @param context as it is in the store
   * @param whenOver told once the context is final in the store
   */
  LiveContext(
      Surroundings around, Context context, DriverRecord driver, Consumer<LiveContext> whenOver) {
    this.around = around;
    this.context = context;
    this.driver = driver;
    this.whenOver = whenOver;
  }

  /** The context as it is now. */
  public Context context() {
    return context;
  }

  /** Completes once the context runs, or fails with {@link ErrorCode#CONTEXT_INIT}. */
  CompletionStage<Context> created() {
    return created;
  }

  /** Completes once the context is final. */
  CompletionStage<Context> over() {
    return over;
  }

  // The driver's process

  /**
   * Starts the driver. Blocks for as long as that takes.
   *
   * @param template the enrolment file but for its token
   */
  void launch(UnaryOperator<EnrolmentFile> template) {
    giveUpWhenLate();
    try {
      Path folder = around.data().context(context.id());
      Files.createDirectories(folder.getParent());
      Files.createDirectory(folder, OWNER_ONLY_FOLDER);
      String token = Wire.newSecret();
      EnrolmentFile enrolment =
          template.apply(new EnrolmentFile(context.id(), driver().epoch(), token, "", "", 0, 0));
      Path file = folder.resolve("enrolment.json");
      Files.createFile(file, OWNER_ONLY_FILE);
      Files.write(file, Wire.line(enrolment));
      change(
          record -> new DriverRecord(record.contextId(), record.epoch(), "", Wire.hash(token), ""));
      DriverProcess started =
          around
              .launcher()
              .launch(
                  new DriverSpec(
                      context.id(),
                      enrolment.epoch(),
                      context.name(),
                      ConfigFactory.parseString(context.settings()),
                      folder,
                      file));
      watch(started);
      change(
          record ->
              new DriverRecord(
                  record.contextId(),
                  record.epoch(),
                  started.reference(),
                  record.tokenHash(),
                  record.keyHash()));
    } catch (IOException | RuntimeException e) {
      LOG.warn("context {}: its driver cannot be started", context.id(), e);
      on(new ContextLife.Event.CannotStart(Failure.of(e)));
    }
  }

  /** Takes up a driver that an earlier server has started. */
  void takeUp(DriverProcess found) {
    if (context.state() == ContextState.STARTED) {
      giveUpWhenLate();
    } else if (context.state() == ContextState.STOPPING) {
      after(around.stopTimeout(), this::killDriver, false);
    }
    watch(found);
  }

  private void giveUpWhenLate() {
    Config settings = ConfigFactory.parseString(context.settings());
    Duration patience =
        settings.hasPath(PATIENCE) ? settings.getDuration(PATIENCE) : DEFAULT_PATIENCE;
    after(patience, () -> on(new ContextLife.Event.CannotStart(tooSlow(patience))), true);
  }

  private Failure tooSlow(Duration patience) {
    return new Failure(
        "The context did not come up within "
            + patience.toSeconds()
            + " s (context-init-timeout); its driver's log has more",
        "java.util.concurrent.TimeoutException",
        lastLines());
  }

  /** Watches over a process from now on; kills it when the context is over already. */
  private void watch(DriverProcess found) {
    synchronized (this) {
      process = Optional.of(found);
    }
    if (context.state().isFinal()) {
      found.kill();
    }
    found
        .exit()
        .thenAcceptAsync(
            how ->
                on(
                    new ContextLife.Event.DriverGone(
                        new Failure("The driver ended: " + how, "", lastLines()))),
            around.workers());
  }

  private String lastLines() {
    return process().map(running -> String.join("\n", running.lastLines(LOG_LINES))).orElse("");
  }

  private synchronized Optional<DriverProcess> process() {
    return process;
  }

  synchronized DriverRecord driver() {
    return driver;
  }

  /**
   * A driver shows its token and the key it wants to be known by. The token is good for one key.
   *
   * @return whether it is this context's driver; that is durable then
   */
  synchronized boolean enrol(String tokenHash, String keyHash) {
    boolean first = driver.keyHash().isEmpty();
    boolean admitted =
        Secrets.same(driver.tokenHash(), tokenHash)
            && (first || Secrets.same(driver.keyHash(), keyHash));
    if (admitted && first) {
      change(
          record ->
              new DriverRecord(
                  record.contextId(),
                  record.epoch(),
                  record.process(),
                  record.tokenHash(),
                  keyHash));
    }
    return admitted;
  }

  /** Changes what is on record of the driver; durable when this returns. */
  private synchronized void change(UnaryOperator<DriverRecord> change) {
    DriverRecord next = change.apply(driver);
    around.dao().saveDriver(next);
    driver = next;
  }

  // The life of the context

  /** Something has happened to the context. */
  void on(ContextLife.Event event) {
    ContextLife.Step step;
    synchronized (this) {
      step = ContextLife.next(context, event, around.now());
      if (step.actions().contains(ContextLife.Action.RECORD)) {
        around.dao().updateContext(step.context());
      }
      if (step.context().state() != context.state()) {
        LOG.info(
            "context {}: {} after {}{}",
            context.id(),
            step.context().state(),
            event.getClass().getSimpleName(),
            step.context().failure().map(why -> ": " + why.message()).orElse(""));
      }
      context = step.context();
    }
    for (ContextLife.Action action : step.actions()) {
      switch (action) {
        case RECORD -> {} // done, before anybody could see it
        case SEND_STOP -> commands.append(new Command.StopContext());
        case ANNOUNCE -> created.complete(step.context());
        case AWAIT_END -> after(around.stopTimeout(), this::killDriver, false);
        case CONCLUDE -> around.workers().execute(this::conclude);
      }
    }
  }

  private void killDriver() {
    if (!over.isDone()) {
      LOG.warn("context {}: its driver did not end in time and is killed", context.id());
      process()
          .ifPresentOrElse(
              DriverProcess::kill,
              () ->
                  on(new ContextLife.Event.DriverGone(Failure.of("The driver was never started"))));
    }
  }

  private void after(Duration delay, Runnable work, boolean unlessCreated) {
    var timer =
        around
            .timer()
            .schedule(
                () -> {
                  if (!unlessCreated || !created.isDone()) {
                    around.workers().execute(work);
                  }
                },
                delay.toMillis(),
                TimeUnit.MILLISECONDS);
    over.thenRun(() -> timer.cancel(false));
  }

  /** The end: repeated until the store has it. */
  private void conclude() {
    try {
      process().ifPresent(DriverProcess::kill);
      readOutbox();
      for (LiveJob job : jobs.values()) {
        finish(job, JobLife.contextOver(job.job(), context, wished(job)), Optional.empty());
      }
      around.dao().updateContext(context);
    } catch (RuntimeException e) {
      LOG.error("context {}: its end cannot be stored, trying again", context.id(), e);
      retry(this::conclude);
      return;
    }
    clear();
    whenOver.accept(this);
    created.completeExceptionally(
        new JobserverException(
            ErrorCode.CONTEXT_INIT,
            context.failure().orElse(Failure.of("The context was stopped before it had come up"))));
    over.complete(context);
  }

  private void retry(Runnable work) {
    around
        .timer()
        .schedule(() -> around.workers().execute(work), RETRY.toMillis(), TimeUnit.MILLISECONDS);
  }

  /** What the driver could not deliver before it died. */
  private void readOutbox() {
    try {
      for (Outbox.Entry entry : Outbox.read(around.data().context(context.id()))) {
        if (entry.event() instanceof JobEnded end) {
          jobEnded(end, entry.attachment());
        }
      }
    } catch (IOException e) {
      LOG.warn("context {}: its driver's outbox cannot be read", context.id(), e);
    }
  }

  private void clear() {
    try {
      around.data().clearContext(context.id());
    } catch (IOException e) {
      LOG.warn("context {}: its folder cannot be cleared", context.id(), e);
    }
  }

  // The link

  /** The driver dials in: brings both sides to the same knowledge. */
  CommandLog connected(Hello hello) {
    contact();
    commands.received(hello.session(), hello.received());
    if (!hello.session().equals(commands.session())) {
      introduce(hello);
    }
    if (hello.state() == Hello.ContextProgress.READY) {
      on(
          new ContextLife.Event.Ready(
              hello.applicationId(), Optional.of(hello.url()).filter(url -> !url.isEmpty())));
    }
    return commands;
  }

  /** A driver that knows nothing of this memory is told all that may be news. */
  private void introduce(Hello hello) {
    if (hello.state() == Hello.ContextProgress.NONE) {
      commands.append(
          new Command.MakeContext(
              context.name(), context.factory(), bundles(), context.settings()));
    }
    Set<String> known = Set.copyOf(hello.jobs());
    for (LiveJob job : jobs.values()) {
      if (!known.contains(job.job().id())) {
        commands.append(job.command());
      }
      if (wished(job)) {
        commands.append(new Command.KillJob(job.job().id()));
      }
    }
    if (context.state() == ContextState.STOPPING) {
      commands.append(new Command.StopContext());
    }
  }

  private List<Command.BundleFile> bundles() {
    return BundleFile.read(context.bundle()).stream()
        .map(
            bundle ->
                new Command.BundleFile(bundle.symbolicName(), bundle.version(), bundle.digest()))
        .toList();
  }

  /** The driver lives, and has carried out the commands up to a number. */
  void alive(String session, long received) {
    contact();
    commands.received(session, received);
  }

  private void contact() {
    lastContact = System.nanoTime();
  }

  private boolean reachable() {
    return System.nanoTime() - lastContact < around.reach().toNanos();
  }

  // Jobs

  /**
   * Takes a slot for a job.
   *
   * @throws JobserverException {@link ErrorCode#CONTEXT_STOPPING}, {@link
   *     ErrorCode#CONTEXT_NOT_FOUND} or {@link ErrorCode#NO_SLOTS}
   */
  public synchronized void takeSlot(int most) {
    if (context.state() == ContextState.STOPPING) {
      throw new JobserverException(ErrorCode.CONTEXT_STOPPING, "Context stop in progress");
    }
    if (context.state() != ContextState.RUNNING) {
      throw new JobserverException(
          ErrorCode.CONTEXT_NOT_FOUND, "context " + context.name() + " not found");
    }
    if (slotsTaken >= most) {
      throw new JobserverException(
          ErrorCode.NO_SLOTS,
          "Too many running jobs (%d) for job context '%s'".formatted(slotsTaken, context.name()));
    }
    slotsTaken++;
  }

  /** Gives back a slot that no job was started in. */
  public synchronized void giveBackSlot() {
    slotsTaken--;
  }

  /** The start of the driver that new jobs go to. */
  public int epoch() {
    return driver().epoch();
  }

  /** Gives a job that is committed, and for which a slot was taken, to the driver. */
  public Submission dispatch(Job job, String config) {
    LiveJob live = LiveJob.of(job, config);
    jobs.put(job.id(), live);
    if (context.state().isFinal()) {
      around.workers().execute(() -> endWithContext(live));
    } else {
      commands.append(live.command());
    }
    return new Submission(job, live.started(), live.ended());
  }

  /**
   * Ends a job that was committed when its context was already over; repeated until it is stored.
   */
  private void endWithContext(LiveJob live) {
    try {
      finish(live, JobLife.contextOver(live.job(), context, false), Optional.empty());
    } catch (RuntimeException e) {
      LOG.error("job {}: its end cannot be stored, trying again", live.job().id(), e);
      retry(() -> endWithContext(live));
    }
  }

  /** Takes up a job that was committed before this server started. */
  synchronized void adopt(Job job, String config, boolean killWished) {
    slotsTaken++;
    jobs.put(job.id(), LiveJob.of(job, config));
    if (killWished) {
      killWishes.add(job.id());
    }
  }

  private boolean wished(LiveJob job) {
    return killWishes.contains(job.job().id());
  }

  /** The driver says that a job was found valid and runs. */
  void jobStarted(String id) {
    Optional.ofNullable(jobs.get(id)).ifPresent(job -> job.started().complete(null));
  }

  /**
   * The driver tells the end of a job; it is durable when this returns.
   *
   * @param result readable only until this returns
   */
  void jobEnded(JobEnded event, Content result) throws IOException {
    LiveJob job = jobs.get(event.jobId());
    if (job != null) {
      JobLife.End end = JobLife.told(job.job(), event);
      boolean finished = end.state() == JobState.FINISHED;
      finish(job, end, finished ? Optional.of(atHand(result)) : Optional.empty());
    }
  }

  /** Small results are taken out of the message, so that they outlast it. */
  private static Content atHand(Content result) throws IOException {
    if (result.size() > AT_HAND) {
      return result;
    }
    try (var in = result.open()) {
      return Content.of(in.readAllBytes());
    }
  }

  private void finish(LiveJob live, JobLife.End end, Optional<Content> result) {
    Job job = live.job();
    Instant now = around.now();
    boolean won = around.dao().endJob(job.id(), end.state(), now, end.failure(), result);
    Job ended =
        won ? job.ended(end.state(), now, end.failure()) : around.dao().job(job.id()).orElseThrow();
    if (jobs.remove(job.id()) != null) {
      killWishes.remove(job.id());
      giveBackSlot();
      LOG.info("job {}: {} in context {}", job.id(), ended.state(), job.contextId());
    }
    if (won && end.refusal().isPresent()) {
      live.started().completeExceptionally(end.refusal().get());
    }
    live.started().complete(null);
    try {
      live.ended().complete(new Ended(ended, won ? lasting(job, result) : stored(ended)));
    } catch (RuntimeException e) {
      live.ended().completeExceptionally(e);
    }
  }

  private Optional<Content> lasting(Job job, Optional<Content> result) {
    return result.isPresent() && result.get().size() > AT_HAND
        ? around.dao().result(job.id())
        : result;
  }

  private Optional<Content> stored(Job ended) {
    return ended.state() == JobState.FINISHED ? around.dao().result(ended.id()) : Optional.empty();
  }

  /**
   * Wants a job to end.
   *
   * @return empty when no such job is live; else completes with the job once it is final, or fails
   *     with {@link ErrorCode#UNAVAILABLE}, the wish kept, while the driver is out of reach
   */
  public Optional<CompletionStage<Job>> kill(String id) {
    LiveJob live = jobs.get(id);
    if (live == null || !around.dao().wishKill(id)) {
      return Optional.empty();
    }
    killWishes.add(id);
    commands.append(new Command.KillJob(id));
    if (!reachable()) {
      return Optional.of(
          CompletableFuture.failedFuture(
              new JobserverException(
                  ErrorCode.UNAVAILABLE,
                  "The driver of context "
                      + context.name()
                      + " is out of reach. The job is killed as soon as it can be reached.")));
    }
    return Optional.of(live.ended().thenApply(Ended::job));
  }
}
