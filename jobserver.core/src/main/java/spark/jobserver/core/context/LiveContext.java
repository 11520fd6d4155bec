package spark.jobserver.core.context;

import com.typesafe.config.Config;
import com.typesafe.config.ConfigException;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.attribute.FileAttribute;
import java.nio.file.attribute.PosixFilePermission;
import java.nio.file.attribute.PosixFilePermissions;
import java.time.Duration;
import java.util.List;
import java.util.Optional;
import java.util.Set;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CompletionStage;
import java.util.concurrent.TimeUnit;
import java.util.function.Consumer;
import java.util.function.UnaryOperator;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;
import spark.jobserver.api.Context;
import spark.jobserver.api.ContextState;
import spark.jobserver.api.DriverStart;
import spark.jobserver.api.Failure;
import spark.jobserver.api.Job;
import spark.jobserver.api.JobState;
import spark.jobserver.api.NamedObject;
import spark.jobserver.api.context.WorkerCount;
import spark.jobserver.api.dao.DriverRecord;
import spark.jobserver.api.driver.DriverProcess;
import spark.jobserver.api.driver.DriverSpec;
import spark.jobserver.api.server.ErrorCode;
import spark.jobserver.api.server.JobserverException;
import spark.jobserver.core.DataFolder;
import spark.jobserver.core.binary.BinaryNames;
import spark.jobserver.core.plugin.BundleFile;
import spark.jobserver.core.posted.PostedConfig;
import spark.jobserver.link.Command;
import spark.jobserver.link.EnrolmentFile;
import spark.jobserver.link.Event.JobEnded;
import spark.jobserver.link.Event.NamedObjectsListed;
import spark.jobserver.link.Heartbeat;
import spark.jobserver.link.Hello;
import spark.jobserver.link.Wire;
import spark.jobserver.link.driver.Outbox;
import spark.jobserver.link.server.CommandLog;

/**
 * A context that is not final, with its driver and its jobs. Carries out what {@link ContextLife}
 * decides; {@link ContextJobs} sees to its jobs. Methods may be called from any thread.
 *
 * <p>A context is final in the store only when its processes are gone and its jobs are final: the
 * server's guarantees stand on that order.
 */
public final class LiveContext {
  private static final Logger LOG = LoggerFactory.getLogger(LiveContext.class);
  private static final int LOG_LINES = 30;
  static final String STOP_ON_JOB_ERROR = "stop-context-on-job-error";
  static final String PATIENCE = "context-init-timeout";
  private static final Duration DEFAULT_PATIENCE = Duration.ofMinutes(2);
  private static final Duration ANSWER_PATIENCE = Duration.ofSeconds(10);
  private static final Duration RETRY = Duration.ofSeconds(1);
  private static final FileAttribute<Set<PosixFilePermission>> OWNER_ONLY_FILE =
      PosixFilePermissions.asFileAttribute(PosixFilePermissions.fromString("rw-------"));

  /** Starts a driver, or gives a context to one that runs. */
  @FunctionalInterface
  interface Starter {
    /**
     * @throws IOException with words for who has asked for the context
     */
    DriverProcess start(DriverSpec spec) throws IOException;
  }

  private final Surroundings around;
  private final Consumer<LiveContext> whenOver;
  private final CommandLog commands = new CommandLog();
  private final ContextJobs jobs;
  private final ObjectQuestions questions;
  private final boolean adHoc;
  private final boolean stopOnJobError;
  private final List<String> dependencies;
  private final Optional<String> proxyUser;
  private final Duration patience;
  private final CompletableFuture<Context> created = new CompletableFuture<>();
  private final CompletableFuture<Context> over = new CompletableFuture<>();
  private volatile Context context;
  private volatile long lastContact = System.nanoTime() - TimeUnit.DAYS.toNanos(1);
  private volatile WorkerCount workers = WorkerCount.NONE;
  // Guarded by this:
  private DriverRecord driver;
  private Optional<DriverProcess> process = Optional.empty();

  /**
   * @param context as it is in the store
   * @param whenOver told once the context is final in the store
   * @throws JobserverException {@link ErrorCode#CONFIG} when its settings cannot be read
   */
  LiveContext(
      Surroundings around, Context context, DriverRecord driver, Consumer<LiveContext> whenOver) {
    this.around = around;
    this.context = context;
    this.driver = driver;
    this.whenOver = whenOver;
    Config settings = PostedConfig.parse(context.settings());
    this.adHoc = AdHoc.flag(settings, AdHoc.KEY);
    this.stopOnJobError = AdHoc.flag(settings, STOP_ON_JOB_ERROR);
    this.dependencies = dependencies(settings);
    this.proxyUser = context.proxyUser();
    this.patience = settings.hasPath(PATIENCE) ? settings.getDuration(PATIENCE) : DEFAULT_PATIENCE;
    this.jobs =
        new ContextJobs(
            around,
            this::context,
            adHoc ? "ad-hoc" : context.name(),
            commands,
            this::reachable,
            this::jobEnded);
    this.questions =
        new ObjectQuestions(
            context.name(), commands, this::reachable, around.timer(), ANSWER_PATIENCE);
  }

  private static List<String> dependencies(Config settings) {
    try {
      return BinaryNames.in(settings, BinaryNames.DEPENDENCIES);
    } catch (ConfigException e) {
      return List.of(); // refused when contexts are made; one on record must not be in the way
    }
  }

  /** The names of the binaries that all its jobs import from besides their own. */
  public List<String> dependencies() {
    return dependencies;
  }

  /** For whom Spark acts in it; empty for the server's own user. */
  public Optional<String> proxyUser() {
    return proxyUser;
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
  void launch(UnaryOperator<EnrolmentFile> template, Starter starter) {
    giveUpWhenLate();
    try {
      Path folder = around.data().newContext(context.id());
      String token = Wire.newSecret();
      EnrolmentFile enrolment =
          template.apply(new EnrolmentFile(context.id(), driver().epoch(), token, "", "", 0, 0));
      Path file = folder.resolve(DataFolder.ENROLMENT);
      Files.createFile(file, OWNER_ONLY_FILE);
      Files.write(file, Wire.line(enrolment));
      change(
          record -> new DriverRecord(record.contextId(), record.epoch(), "", Wire.hash(token), ""));
      DriverProcess started =
          starter.start(
              new DriverSpec(
                  context.id(),
                  enrolment.epoch(),
                  context.name(),
                  PostedConfig.parse(context.settings()),
                  folder,
                  file));
      LOG.info("context {}: {} start of its driver", context.id(), started.start().label());
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
      // Its words are for the caller; where in the server it was is in the log.
      Failure why = Failure.of(e);
      on(new ContextLife.Event.CannotStart(new Failure(why.message(), why.errorClass(), "")));
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
    after(patience, () -> on(new ContextLife.Event.CannotStart(tooSlow())), true);
  }

  private Failure tooSlow() {
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
                        new Failure("The driver ended: " + lastWords(how), "", lastLines()))),
            around.workers());
  }

  /** What a driver says that could not tell it by the link, or else how its process has ended. */
  private String lastWords(String how) {
    try {
      return Files.readString(
          around.data().context(context.id()).resolve(EnrolmentFile.LAST_WORDS));
    } catch (IOException e) {
      return how;
    }
  }

  private String lastLines() {
    return process().map(running -> String.join("\n", running.lastLines(LOG_LINES))).orElse("");
  }

  /** How its driver came to be; empty as long as there is none. */
  Optional<DriverStart> start() {
    return process().map(DriverProcess::start);
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
        around.counters().count(step.context().state());
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
      jobs.contextOver(context);
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
    questions.contextOver();
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
          jobs.ended(end, entry.attachment());
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
    jobs.news(Set.copyOf(hello.jobs())).forEach(commands::append);
    if (context.state() == ContextState.STOPPING) {
      commands.append(new Command.StopContext());
    }
  }

  private List<Command.BundleFile> bundles() {
    return BundleFile.told(BundleFile.read(context.bundle()));
  }

  /** The driver lives, and has carried out the commands up to a number. */
  void alive(Heartbeat beat) {
    contact();
    workers = beat.workers();
    commands.received(beat.session(), beat.received());
  }

  /** The workers that its driver has told of last; none while that is out of reach. */
  WorkerCount workers() {
    return reachable() ? workers : WorkerCount.NONE;
  }

  private void contact() {
    lastContact = System.nanoTime();
  }

  private boolean reachable() {
    return System.nanoTime() - lastContact < around.reach().toNanos();
  }

  /**
   * What its jobs share by name, in the order of the names; nothing as long as it is coming up.
   *
   * @return fails with {@link ErrorCode#UNAVAILABLE} when its driver is out of reach or does not
   *     answer, and with {@link ErrorCode#CONTEXT_NOT_FOUND} when the context is over first
   */
  CompletionStage<List<NamedObject>> namedObjects() {
    if (context.state() == ContextState.STARTED) {
      return CompletableFuture.completedFuture(List.of());
    }
    CompletionStage<List<NamedObject>> answer = questions.ask();
    if (over.isDone()) {
      questions.contextOver(); // that it was over may have been said before this was asked
    }
    return answer;
  }

  /** The driver says what the jobs share. */
  void answered(NamedObjectsListed answer) {
    questions.answered(answer);
  }

  /** The core goes, and the context goes on: whoever waits is told so. */
  void leave() {
    questions.leave();
    jobs.leave();
    created.completeExceptionally(left("comes up"));
    over.completeExceptionally(left("stops"));
  }

  private JobserverException left(String doing) {
    return new JobserverException(
        ErrorCode.UNAVAILABLE,
        "The store went away while the context %s %s. It goes on; ask again when the store is back"
            .formatted(context.name(), doing));
  }

  // Jobs

  /** Its jobs that are not final. */
  public ContextJobs jobs() {
    return jobs;
  }

  /** The start of the driver that new jobs go to. */
  public int epoch() {
    return driver().epoch();
  }

  /** A job has ended: perhaps the context is not needed any more. */
  private void jobEnded(Job job, boolean refused) {
    if (adHoc || (stopOnJobError && job.state() == JobState.ERROR && !refused)) {
      around.workers().execute(this::stopNeedless);
    }
  }

  /** Stops a context that lives for a job which is over; repeated until it is stored. */
  private void stopNeedless() {
    try {
      on(new ContextLife.Event.StopAsked());
    } catch (RuntimeException e) {
      LOG.error("context {}: that it stops cannot be stored, trying again", context.id(), e);
      retry(this::stopNeedless);
    }
  }

  /** Stops a context that lives for one job, when that is over or never was. */
  public void stopIfNeedless() {
    if (adHoc && jobs.isEmpty()) {
      around.workers().execute(this::stopNeedless);
    }
  }
}
