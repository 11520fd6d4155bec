package spark.jobserver.core.context;

import java.io.IOException;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CompletionStage;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.TimeUnit;
import java.util.function.BooleanSupplier;
import java.util.function.Supplier;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;
import org.slf4j.MDC;
import spark.jobserver.api.Content;
import spark.jobserver.api.Context;
import spark.jobserver.api.ContextState;
import spark.jobserver.api.Job;
import spark.jobserver.api.JobState;
import spark.jobserver.api.Progress;
import spark.jobserver.api.dao.JobInput;
import spark.jobserver.api.server.ErrorCode;
import spark.jobserver.api.server.Jobs.Ended;
import spark.jobserver.api.server.Jobs.Submission;
import spark.jobserver.api.server.JobserverException;
import spark.jobserver.api.server.RequestObserver;
import spark.jobserver.link.Command;
import spark.jobserver.link.Event.JobEnded;
import spark.jobserver.link.server.CommandLog;

/**
 * The jobs of a context that is not final: those that are not final themselves, and the slots they
 * take. Carries out what {@link JobLife} decides. Methods may be called from any thread.
 *
 * <p>The order in which things are written is what the server's guarantees stand on: a job is in
 * the store before its driver hears of it, and its end is in the store before anybody is told.
 */
public final class ContextJobs {
  private static final Logger LOG = LoggerFactory.getLogger(ContextJobs.class);

  /** Results up to this size, in bytes, go to who waits for them without another look-up. */
  private static final int AT_HAND = 256 * 1024;

  private static final int RETRY_SECONDS = 1;

  private final Surroundings around;
  private final Supplier<Context> context;
  private final String shownName;
  private final CommandLog commands;
  private final BooleanSupplier reachable;
  private final WhenEnded whenEnded;
  private final Map<String, LiveJob> jobs = new ConcurrentHashMap<>();
  private final Set<String> killWishes = ConcurrentHashMap.newKeySet();
  // Guarded by this:
  private int slotsTaken;

  /**
   * @param context the context as it is at the moment
   * @param shownName what callers are told of it by, when it has no slot for their job
   * @param commands what its driver is told
   * @param reachable whether its driver has shown itself lately
   */
  ContextJobs(
      Surroundings around,
      Supplier<Context> context,
      String shownName,
      CommandLog commands,
      BooleanSupplier reachable,
      WhenEnded whenEnded) {
    this.around = around;
    this.context = context;
    this.shownName = shownName;
    this.commands = commands;
    this.reachable = reachable;
    this.whenEnded = whenEnded;
  }

  /** Is told of each job that has ended, once that is in the store. */
  interface WhenEnded {
    /**
     * A job has ended.
     *
     * @param refused whether it never ran, for it was not valid
     */
    void ended(Job job, boolean refused);
  }

  /**
   * Takes a slot for a job.
   *
   * @throws JobserverException {@link ErrorCode#CONTEXT_STOPPING}, {@link
   *     ErrorCode#CONTEXT_NOT_FOUND} or {@link ErrorCode#NO_SLOTS}
   */
  public synchronized void takeSlot(int most) {
    checkAccepting();
    if (slotsTaken >= most) {
      throw new JobserverException(
          ErrorCode.NO_SLOTS,
          "Too many running jobs (%d) for job context '%s'".formatted(slotsTaken, shownName));
    }
    slotsTaken++;
  }

  /**
   * Checks that the context takes jobs.
   *
   * @throws JobserverException {@link ErrorCode#CONTEXT_STOPPING} or {@link
   *     ErrorCode#CONTEXT_NOT_FOUND}
   */
  public void checkAccepting() {
    Context now = context.get();
    if (now.state() == ContextState.STOPPING) {
      throw new JobserverException(ErrorCode.CONTEXT_STOPPING, "Context stop in progress");
    }
    if (now.state() != ContextState.RUNNING) {
      throw new JobserverException(
          ErrorCode.CONTEXT_NOT_FOUND, "context " + now.name() + " not found");
    }
  }

  /** Gives back a slot that no job was started in. */
  public synchronized void giveBackSlot() {
    slotsTaken--;
  }

  /**
   * Gives a job that is committed, and for which a slot was taken, to the driver.
   *
   * @param request by which logs know the request that submitted it; empty when that is not known
   */
  public Submission dispatch(Job job, JobInput input, String request) {
    LiveJob live = LiveJob.of(job, input.callback(), request);
    jobs.put(job.id(), live);
    around.counters().count(JobState.STARTED);
    if (context.get().state().isFinal()) {
      around.workers().execute(() -> endWithContext(live));
    } else {
      commands.append(live.command(input.config(), input.dependencies()));
    }
    return live.submission();
  }

  /**
   * Ends a job that was committed when its context was already over; repeated until it is stored.
   */
  private void endWithContext(LiveJob live) {
    try {
      finish(live, JobLife.contextOver(live.job(), context.get(), false));
    } catch (RuntimeException e) {
      LOG.error("job {}: its end cannot be stored, trying again", live.job().id(), e);
      around
          .timer()
          .schedule(
              () -> around.workers().execute(() -> endWithContext(live)),
              RETRY_SECONDS,
              TimeUnit.SECONDS);
    }
  }

  /** Takes up a job that was committed before this server started. */
  synchronized void adopt(Job job, Optional<String> callback, boolean killWished) {
    slotsTaken++;
    jobs.put(job.id(), LiveJob.adopted(job, callback));
    if (killWished) {
      killWishes.add(job.id());
    }
  }

  /** What a driver may not know that has these jobs, and knows nothing else of this server. */
  List<Command> news(Set<String> known) {
    List<Command> news = new ArrayList<>();
    for (LiveJob job : jobs.values()) {
      if (!known.contains(job.job().id())) {
        String id = job.job().id();
        String config = around.dao().jobConfig(id).orElse("{}");
        news.add(job.command(config, around.dao().jobDependencies(id)));
      }
      if (wished(job)) {
        news.add(new Command.KillJob(job.job().id()));
      }
    }
    return news;
  }

  private boolean wished(LiveJob job) {
    return killWishes.contains(job.job().id());
  }

  /** Whether no job is live. */
  boolean isEmpty() {
    return jobs.isEmpty();
  }

  /** How many jobs are live, and how many of them run, all looked at once. */
  Count count() {
    long live = 0;
    long running = 0;
    for (LiveJob job : jobs.values()) {
      live++;
      // A driver has told an earlier server that a job runs which that has begun, and not this one.
      if (job.started().isDone() || job.begun().isEmpty()) {
        running++;
      }
    }
    return new Count(live, running);
  }

  /**
   * Live jobs.
   *
   * @param running those that were found valid and run, and those that an earlier server has begun
   */
  record Count(long live, long running) {}

  /** A job that is live, as its submitter knows it. */
  public Optional<Submission> submission(String id) {
    return Optional.ofNullable(jobs.get(id)).map(LiveJob::submission);
  }

  /** How far a job has come, as the driver told last. */
  public Optional<Progress> progress(String id) {
    return Optional.ofNullable(jobs.get(id))
        .flatMap(job -> Optional.ofNullable(job.progress().get()));
  }

  /** The driver says that a job was found valid and runs. */
  void started(String id) {
    Optional.ofNullable(jobs.get(id))
        .filter(job -> job.started().complete(null))
        .ifPresent(job -> around.counters().count(JobState.RUNNING));
  }

  /** The driver says how far a job has come. */
  void progressed(String id, Progress progress) {
    Optional.ofNullable(jobs.get(id)).ifPresent(job -> job.progress().set(progress));
  }

  /**
   * The driver tells the end of a job; it is durable when this returns.
   *
   * @param result readable only until this returns
   */
  void ended(JobEnded event, Content result) throws IOException {
    LiveJob job = jobs.get(event.jobId());
    if (job != null) {
      JobLife.End end = JobLife.told(job.job(), event);
      boolean finished = end.state() == JobState.FINISHED;
      finish(
          job, end, Optional.of(event), finished ? Optional.of(atHand(result)) : Optional.empty());
    }
  }

  /**
   * The core goes, and the jobs go on. They are on record, which is all that whoever does not wait
   * for their ends asks for.
   */
  void leave() {
    for (LiveJob job : jobs.values()) {
      job.ended()
          .completeExceptionally(
              new JobserverException(
                  ErrorCode.TIMEOUT,
                  "The store went away while the job %s ran. It goes on; GET /jobs/%s says how it is when the store is back"
                      .formatted(job.job().id(), job.job().id())));
      job.started().complete(null);
    }
  }

  /** The context is over, and with it the jobs that are left. */
  void contextOver(Context over) {
    for (LiveJob job : jobs.values()) {
      finish(job, JobLife.contextOver(job.job(), over, wished(job)));
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

  /** A job ends whose driver has not told so. */
  private void finish(LiveJob live, JobLife.End end) {
    finish(live, end, Optional.empty(), Optional.empty());
  }

  private void finish(
      LiveJob live, JobLife.End end, Optional<JobEnded> event, Optional<Content> result) {
    Job job = live.job();
    // First: once the job has ended on record, nobody would do it.
    if (end.refusal().isPresent()) {
      around.dao().forgetKey(job.id());
    }
    if (live.callback().isPresent() && !end.worthACall()) {
      around.callbacks().forget(job.id());
    }
    var now = around.now();
    boolean won = around.dao().endJob(job.id(), end.state(), now, end.failure(), result);
    Job ended =
        won ? job.ended(end.state(), now, end.failure()) : around.dao().job(job.id()).orElseThrow();
    boolean first = jobs.remove(job.id()) != null;
    if (first) {
      killWishes.remove(job.id());
      giveBackSlot();
      around.counters().ended(ended.state(), live.times(event));
    }
    if (won && end.refusal().isPresent()) {
      live.started().completeExceptionally(end.refusal().get());
    }
    if (live.started().complete(null)) {
      // A driver does not tell that a job has started whose end it tells.
      around.counters().count(JobState.RUNNING);
    }
    try {
      Ended told = new Ended(ended, won ? lasting(job, result) : stored(ended));
      if (won && end.worthACall()) {
        live.callback().ifPresent(url -> around.callbacks().ended(url, ended));
      }
      live.ended().complete(told);
    } catch (RuntimeException e) {
      live.ended().completeExceptionally(e);
    }
    if (first) {
      // Now: whoever waits for the end does not wait for the log.
      logEnd(ended, live.request());
      whenEnded.ended(ended, end.refusal().isPresent());
    }
  }

  /**
   * Logs the end of a job.
   *
   * @param request by which logs know the request that submitted it
   */
  private static void logEnd(Job job, String request) {
    if (!request.isEmpty()) {
      MDC.put(RequestObserver.LOGGED_ID, request);
    }
    try {
      LOG.info("job {}: {} in context {}", job.id(), job.state(), job.contextId());
    } finally {
      MDC.remove(RequestObserver.LOGGED_ID);
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
    if (!reachable.getAsBoolean()) {
      return Optional.of(
          CompletableFuture.failedFuture(
              new JobserverException(
                  ErrorCode.UNAVAILABLE,
                  "The driver of context "
                      + context.get().name()
                      + " is out of reach. The job is killed as soon as it can be reached.")));
    }
    return Optional.of(
        live.ended()
            .handle(
                (ended, error) -> {
                  if (error != null) {
                    throw new JobserverException(
                        ErrorCode.UNAVAILABLE,
                        "The store went away. The job is killed, and is so on record when the store is back.");
                  }
                  return ended.job();
                }));
  }
}
