package spark.jobserver.driver;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.TimeUnit;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;
import spark.jobserver.api.Content;
import spark.jobserver.api.Failure;
import spark.jobserver.api.LogTail;
import spark.jobserver.api.context.ContextRequest;
import spark.jobserver.api.context.RunningContext;
import spark.jobserver.link.Command;
import spark.jobserver.link.EnrolmentFile;
import spark.jobserver.link.Event;
import spark.jobserver.link.Heartbeat;
import spark.jobserver.link.Hello;
import spark.jobserver.link.driver.AcceptedJobs;
import spark.jobserver.link.driver.CommandHandler;
import spark.jobserver.link.driver.DriverEnd;

/**
 * The one context of this driver, from the server's wish to the end of the process. What is done is
 * decided by {@link Life}, and done by a thread of its own, one thing after the other; the factory
 * works on another, which can be given up.
 */
final class ContextDriver implements CommandHandler {
  /** Where the bundles of its factory lie, in the driver's folder. */
  static final String BUNDLES = "bundles";

  private static final Logger LOG = LoggerFactory.getLogger(ContextDriver.class);
  private static final int LOG_LINES = 30;
  private static final Duration JOBS_PATIENCE = Duration.ofSeconds(5);
  private static final Duration MAKING_PATIENCE = Duration.ofSeconds(5);
  private static final Duration CLOSE_PATIENCE = Duration.ofSeconds(15);
  private static final Duration FLUSH_PATIENCE = Duration.ofSeconds(10);

  private final EnrolmentFile enrolment;
  private final Path folder;
  private final ContextMaker contexts;
  private final Runnable exit;
  private final AcceptedJobs accepted;
  private final DriverEnd link;
  private final JobRuns jobs;
  private final NamedObjectAnswers objects;
  private final WorkerWatch workers;
  private final CountDownLatch left = new CountDownLatch(1);
  private final ExecutorService thread =
      Executors.newSingleThreadExecutor(work -> daemon(work, "context-life"));
  private Life.State state = Life.State.NONE;
  private Optional<Command.MakeContext> wanted = Optional.empty();
  private Optional<Thread> maker = Optional.empty();
  private Optional<RunningContext> context = Optional.empty();
  private Failure failure = Failure.of("");

  /**
   * @param folder the context's folder
   * @param exit ends the process; called once, last
   */
  ContextDriver(EnrolmentFile enrolment, Path folder, ContextMaker contexts, Runnable exit)
      throws IOException {
    this.enrolment = enrolment;
    this.folder = folder;
    this.contexts = contexts;
    this.exit = exit;
    this.accepted = new AcceptedJobs(folder);
    this.link = new DriverEnd(enrolment, folder, accepted, this);
    this.jobs = new JobRuns(folder, accepted, link);
    this.objects = new NamedObjectAnswers(this::context, link::answer);
    this.workers = new WorkerWatch(this::context);
  }

  private static Thread daemon(Runnable work, String name) {
    Thread thread = new Thread(work, name);
    thread.setDaemon(true);
    return thread;
  }

  /**
   * Begins to listen to the server.
   *
   * @param version the version of Spark
   */
  void start(String version) {
    link.start(version);
  }

  /** This process is being stopped: ends the context, and returns when it has ended. */
  void shutdown() {
    happened(Life.Event.SHUTDOWN, "its process was told to end");
    long most =
        JOBS_PATIENCE.plus(CLOSE_PATIENCE).plus(MAKING_PATIENCE).plus(FLUSH_PATIENCE).toSeconds();
    try {
      if (!left.await(most, TimeUnit.SECONDS)) {
        LOG.warn("the context has not ended within {} s", most);
      }
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
    }
  }

  @Override
  public void command(Command command) {
    if (command instanceof Command.MakeContext make) {
      wanted(make);
    } else if (command instanceof Command.RunJob run) {
      jobs.run(run);
    } else if (command instanceof Command.KillJob kill) {
      jobs.kill(kill.jobId());
    } else if (command instanceof Command.ListNamedObjects list) {
      objects.ask(list.requestId());
    } else if (command instanceof Command.StopContext) {
      happened(Life.Event.STOP, "");
    }
  }

  private synchronized Optional<RunningContext> context() {
    return context;
  }

  private synchronized void wanted(Command.MakeContext make) {
    if (wanted.isEmpty()) {
      wanted = Optional.of(make);
    }
    happened(Life.Event.MAKE, "");
  }

  @Override
  public synchronized Hello hello(String session, long received) {
    Optional<RunningContext> ready = state == Life.State.READY ? context : Optional.empty();
    Hello.ContextProgress progress =
        switch (state) {
          case NONE -> Hello.ContextProgress.NONE;
          case MAKING -> Hello.ContextProgress.MAKING;
          case READY -> Hello.ContextProgress.READY;
          case ENDING -> Hello.ContextProgress.ENDED;
        };
    return new Hello(
        session,
        received,
        progress,
        ready.map(RunningContext::applicationId).orElse(""),
        ready.flatMap(RunningContext::url).orElse(""),
        accepted.undelivered());
  }

  @Override
  public Heartbeat heartbeat(String session, long received) {
    return Heartbeat.of(session, received, workers.count());
  }

  @Override
  public boolean busy() {
    return !jobs.isEmpty() || !accepted.undelivered().isEmpty();
  }

  @Override
  public void abandoned(String why) {
    happened(Life.Event.ABANDONED, why);
  }

  /**
   * Takes a step in the context's life.
   *
   * @param words why, for who is told of it
   * @return the state that the event led to
   */
  private synchronized Life.State happened(Life.Event event, String words) {
    Life.Step step = Life.next(state, event);
    if (step.state() != state) {
      LOG.info("context {}: {} {}", enrolment.contextId(), step.state(), words);
    }
    state = step.state();
    for (Life.Action action : step.actions()) {
      thread.execute(() -> carryOut(action, words));
    }
    return state;
  }

  private void carryOut(Life.Action action, String words) {
    try {
      switch (action) {
        case BEGIN_MAKING -> beginMaking();
        case TELL_READY -> tellReady();
        case TELL_FAILED -> tellFailed();
        case CANCEL_MAKING -> cancelMaking();
        case END_CONTEXT -> endContext(words);
        case TELL_ENDED -> link.tell(new Event.ContextEnded(words), nothing());
        case LEAVE -> leave();
      }
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
    } catch (RuntimeException | LinkageError e) {
      LOG.error("context {}: {}", enrolment.contextId(), action, e);
    }
  }

  private void beginMaking() {
    Command.MakeContext command;
    synchronized (this) {
      command = wanted.orElseThrow();
      maker = Optional.of(daemon(() -> make(command), "context-factory"));
    }
    maker.orElseThrow().start();
  }

  private void make(Command.MakeContext command) {
    try {
      ContextMaker.Made made =
          contexts.make(
              command.factory(),
              fetch(command.bundles()),
              enrolment.contextId(),
              command.name(),
              command.settings(),
              folder);
      RunningContext ready = made.context();
      if (made(ready, made.classes())) {
        ready.broken().thenAccept(why -> happened(Life.Event.BROKEN, why));
      } else {
        ready.close(); // nobody wants it any more
      }
    } catch (Exception | LinkageError | AssertionError e) {
      LOG.error("context {}: cannot be made", enrolment.contextId(), e);
      failed(Failure.of(e));
    }
  }

  private List<Factories.Jar> fetch(List<Command.BundleFile> bundles) throws IOException {
    Path store = Files.createDirectories(folder.resolve(BUNDLES));
    List<Factories.Jar> jars = new ArrayList<>();
    for (Command.BundleFile bundle : bundles) {
      Path jar = store.resolve(bundle.digest() + ".jar");
      if (!Files.exists(jar)) {
        link.fetchBundle(bundle.digest(), jar);
      }
      jars.add(new Factories.Jar(bundle, jar));
    }
    return jars;
  }

  private synchronized boolean made(RunningContext ready, ClassLoader classes) {
    if (happened(Life.Event.MADE, "") != Life.State.READY) {
      return false;
    }
    context = Optional.of(ready);
    jobs.open(ready, classes);
    return true;
  }

  private synchronized void failed(Failure why) {
    failure = why;
    happened(Life.Event.FAILED, why.message());
  }

  private synchronized void tellReady() {
    RunningContext ready = context.orElseThrow();
    link.tell(new Event.ContextReady(ready.applicationId(), ready.url().orElse("")));
  }

  private synchronized void tellFailed() {
    link.tell(new Event.ContextFailed(failure), nothing());
  }

  private void cancelMaking() throws InterruptedException {
    Thread making;
    synchronized (this) {
      making = maker.orElseThrow();
    }
    making.interrupt();
    making.join(MAKING_PATIENCE.toMillis());
  }

  /**
   * @param reason why, when nobody asked for it
   */
  private void endContext(String reason) throws InterruptedException {
    RunningContext ending;
    Failure why;
    synchronized (this) {
      ending = context.orElseThrow();
      why = reason.isEmpty() ? stopped(wanted.orElseThrow().name()) : unexpected(reason);
    }
    jobs.close(why, JOBS_PATIENCE);
    Thread closing = daemon(() -> close(ending), "context-close");
    closing.start();
    closing.join(CLOSE_PATIENCE.toMillis());
    if (closing.isAlive()) {
      LOG.warn("context {}: is left to the end of the process", enrolment.contextId());
    }
    jobs.conclude();
  }

  private static Failure stopped(String name) {
    return Failure.of("Context (%s) for this job was terminated".formatted(name));
  }

  /** What has happened may be told by this process' own log. */
  private Failure unexpected(String reason) {
    String message =
        "Unexpected termination of context %s: %s".formatted(enrolment.contextId(), reason);
    List<String> lines = LogTail.of(ContextRequest.driverLog(folder), 0, LOG_LINES);
    return new Failure(message, "", String.join("\n", lines));
  }

  private void close(RunningContext ending) {
    try {
      ending.close();
    } catch (RuntimeException | LinkageError e) {
      LOG.warn("context {}: does not close cleanly", enrolment.contextId(), e);
    }
  }

  private void leave() throws InterruptedException {
    if (!link.flush(FLUSH_PATIENCE.toMillis())) {
      LOG.warn("context {}: leaves what is undelivered on the disk", enrolment.contextId());
    }
    objects.close();
    workers.close();
    link.close();
    try {
      accepted.close();
    } catch (IOException e) {
      LOG.debug("accepted jobs: {}", e.toString());
    }
    left.countDown();
    thread.shutdown();
    exit.run();
  }

  private static Content nothing() {
    return Content.of(new byte[0]);
  }
}
