package spark.jobserver.core.job;

import com.typesafe.config.Config;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Instant;
import java.time.temporal.ChronoUnit;
import java.util.EnumSet;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.UUID;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CompletionStage;
import java.util.function.Supplier;
import java.util.stream.Stream;
import org.osgi.framework.BundleContext;
import org.osgi.service.component.annotations.Activate;
import org.osgi.service.component.annotations.Component;
import org.osgi.service.component.annotations.ConfigurationPolicy;
import org.osgi.service.component.annotations.Reference;
import spark.jobserver.api.Binary;
import spark.jobserver.api.Content;
import spark.jobserver.api.Context;
import spark.jobserver.api.Failure;
import spark.jobserver.api.Job;
import spark.jobserver.api.JobFilter;
import spark.jobserver.api.JobState;
import spark.jobserver.api.Progress;
import spark.jobserver.api.dao.JobDao;
import spark.jobserver.api.dao.JobInput;
import spark.jobserver.api.dao.JobInsertion;
import spark.jobserver.api.dao.RequestKey;
import spark.jobserver.api.server.Caller;
import spark.jobserver.api.server.ErrorCode;
import spark.jobserver.api.server.Jobs;
import spark.jobserver.api.server.JobserverException;
import spark.jobserver.core.DataFolder;
import spark.jobserver.core.Room;
import spark.jobserver.core.binary.LatestBinaries;
import spark.jobserver.core.callback.JobCallbacks;
import spark.jobserver.core.config.CoreConfig;
import spark.jobserver.core.context.ContextSupervisor;
import spark.jobserver.core.context.Impersonation;
import spark.jobserver.core.context.LiveContext;
import spark.jobserver.core.context.NewContexts;
import spark.jobserver.core.posted.PostedConfig;
import spark.jobserver.core.store.ActiveStore;

/** Commits jobs and hands them to their contexts. */
@Component(
    service = Jobs.class,
    configurationPid = CoreConfig.PID,
    configurationPolicy = ConfigurationPolicy.REQUIRE)
public final class DispatchedJobs implements Jobs {
  private final JobDao dao;
  private final DataFolder data;
  private final ContextSupervisor supervisor;
  private final NewContexts newContexts;
  private final LatestBinaries binaries;
  private final JobCallbacks callbacks;
  private final Impersonation impersonation;
  private final RepeatedSubmissions repeated;
  private final HeldInputs held = new HeldInputs();
  private final int slots;

  @Activate
  public DispatchedJobs(
      BundleContext bundle,
      CoreConfig config,
      @Reference ActiveStore store,
      @Reference ContextSupervisor supervisor,
      @Reference NewContexts newContexts,
      @Reference LatestBinaries binaries,
      @Reference JobCallbacks callbacks,
      @Reference Impersonation impersonation) {
    this.dao = store.dao();
    this.data = DataFolder.of(bundle);
    this.supervisor = supervisor;
    this.newContexts = newContexts;
    this.binaries = binaries;
    this.callbacks = callbacks;
    this.impersonation = impersonation;
    this.repeated = new RepeatedSubmissions(dao, this::recall);
    this.slots = config.max$_$jobs$_$per$_$context();
    if (slots < 1) {
      throw new IllegalArgumentException(
          "spark.jobserver.max-jobs-per-context must be at least 1, not " + slots);
    }
  }

  @Override
  public Jobs of(Caller caller) {
    return new CallersJobs(this, caller);
  }

  // Submission

  @Override
  public CompletionStage<Submission> submit(JobSubmission submission) {
    return submit(submission, Caller.SERVER);
  }

  CompletionStage<Submission> submit(JobSubmission submission, Caller caller) {
    // What it looks for cannot be found either when the store has ended on a full disk.
    return Room.needed(() -> repeated.once(submission, key -> start(submission, caller, key)));
  }

  private CompletionStage<Submission> start(
      JobSubmission submission, Caller caller, Optional<RequestKey> key) {
    Config posted = PostedConfig.parse(submission.config());
    submission.callback().ifPresent(callbacks::check);
    JobRequest request = JobRequest.of(submission.parameters(), posted);
    String logged = submission.request().orElse("");
    JobInput input = new JobInput(PostedConfig.json(posted), submission.callback(), key);
    List<Binary> packages = request.packages().stream().map(binaries::find).toList();
    List<Binary> needed = binaries.dependencies(request.dependencies());
    Optional<LiveContext> named = submission.context().map(name -> running(name, caller));
    Run run = new Run(only(packages), needed, request.classPath(), input, logged, caller.name());
    return whileHeld(
        input,
        () ->
            named.isPresent()
                ? dispatch(named.get(), run)
                : newContexts
                    .forOneJob(request.classPath(), settings(submission), posted, caller)
                    .thenCompose(context -> alone(context, run)));
  }

  /**
   * What is to be run, wherever that will be.
   *
   * @param needed what it asks for itself besides its binary; what its context has for all comes
   *     after that
   * @param logged by which logs know the request; empty where that is not known
   * @param owner whose job it is
   */
  private record Run(
      Binary binary,
      List<Binary> needed,
      String classPath,
      JobInput input,
      String logged,
      String owner) {}

  /** Counts an input as held until its job has started, or cannot. */
  private CompletionStage<Submission> whileHeld(
      JobInput input, Supplier<CompletionStage<Submission>> run) {
    held.take(input);
    boolean given = false;
    try {
      CompletionStage<Submission> stage = run.get();
      given = true;
      return stage.whenComplete(
          (submission, error) -> {
            if (error == null) {
              submission.started().whenComplete((job, refusal) -> held.giveBack(input));
            } else {
              held.giveBack(input);
            }
          });
    } finally {
      if (!given) {
        held.giveBack(input);
      }
    }
  }

  private static Binary only(List<Binary> packages) {
    if (packages.size() != 1) {
      throw new JobserverException(
          ErrorCode.PACKAGES,
          new Failure(
              "Python should have exactly one package file! Found: " + packages.size(),
              IllegalArgumentException.class.getName(),
              ""));
    }
    return packages.get(0);
  }

  /** What the request itself says of a context of the job's own. */
  private static Map<String, String> settings(JobSubmission submission) {
    String user = submission.parameters().get(Context.PROXY_USER);
    return user == null ? Map.of() : Map.of(Context.PROXY_USER, user);
  }

  private LiveContext running(String name, Caller caller) {
    LiveContext context =
        supervisor
            .find(name, caller)
            .orElseThrow(
                () ->
                    new JobserverException(
                        ErrorCode.CONTEXT_NOT_FOUND, "context " + name + " not found"));
    impersonation.checkUse(name, context.proxyUser(), caller.name(), caller.mayImpersonate());
    context.jobs().checkAccepting();
    return context;
  }

  /** Runs the job of a context that lives for it; where it cannot run, the context is stopped. */
  private CompletionStage<Submission> alone(LiveContext context, Run run) {
    try {
      return dispatch(context, run).whenComplete((submission, error) -> context.stopIfNeedless());
    } catch (RuntimeException e) {
      context.stopIfNeedless();
      throw e;
    }
  }

  private CompletionStage<Submission> dispatch(LiveContext context, Run run) {
    List<Binary> dependencies =
        Stream.concat(run.needed().stream(), binaries.dependencies(context.dependencies()).stream())
            .filter(other -> !other.name().equals(run.binary().name()))
            .distinct()
            .toList();
    JobInput input = run.input().with(dependencies);
    context.jobs().takeSlot(slots);
    Job job = job(context, run);
    boolean committed = false;
    try {
      JobInsertion insertion = Room.needed(() -> dao.insertJob(job, input));
      committed = insertion instanceof JobInsertion.Inserted;
      if (insertion instanceof JobInsertion.BinaryGone gone) {
        throw LatestBinaries.missing(gone.name());
      }
      if (insertion instanceof JobInsertion.KeyUsed used) {
        return repeated.repeated(used, input.key().orElseThrow());
      }
    } finally {
      if (!committed) {
        context.jobs().giveBackSlot();
      }
    }
    return CompletableFuture.completedFuture(context.jobs().dispatch(job, input, run.logged()));
  }

  private static Job job(LiveContext context, Run run) {
    return Job.started(
        UUID.randomUUID().toString(),
        context.context(),
        context.epoch(),
        run.binary(),
        run.classPath(),
        Instant.now().truncatedTo(ChronoUnit.MILLIS),
        run.owner());
  }

  /** The submission of a job that is on record, as if it were submitted now. */
  private CompletionStage<Submission> recall(String id) {
    Job job = find(id).orElseThrow(() -> noJob(id));
    Submission submission =
        supervisor
            .byId(job.contextId())
            .flatMap(context -> context.jobs().submission(id))
            .orElseGet(() -> over(ended(id)));
    return CompletableFuture.completedFuture(submission);
  }

  private Submission over(Job job) {
    return new Submission(
        job,
        CompletableFuture.completedFuture(null),
        CompletableFuture.completedFuture(new Ended(job, result(job.id()))));
  }

  // Look-up

  @Override
  public Optional<Job> find(String id) {
    return dao.job(id);
  }

  @Override
  public Optional<CompletionStage<Job>> end(String id) {
    return supervisor
        .ofJob(id)
        .flatMap(context -> context.jobs().submission(id))
        .map(submission -> submission.ended().thenApply(Ended::job));
  }

  @Override
  public List<Job> list(JobFilter filter, int limit) {
    if (!filter.states().contains(JobState.RUNNING)) {
      return dao.jobs(filter, limit);
    }
    Set<JobState> states = EnumSet.copyOf(filter.states());
    states.add(JobState.STARTED); // which callers do not know
    return dao.jobs(filter.in(states.toArray(JobState[]::new)), limit);
  }

  @Override
  public Optional<String> config(String id) {
    return dao.jobConfig(id);
  }

  @Override
  public Optional<Content> result(String id) {
    return dao.result(id);
  }

  @Override
  public Optional<Progress> progress(String id) {
    return supervisor.ofJob(id).flatMap(context -> context.jobs().progress(id));
  }

  @Override
  public Optional<Path> log(String id) {
    return dao.job(id)
        .map(job -> data.jobLog(job.contextId(), job.id()))
        .filter(Files::isRegularFile);
  }

  // End

  @Override
  public CompletionStage<Job> kill(String id) {
    Job job = find(id).orElseThrow(() -> noJob(id));
    return supervisor
        .byId(job.contextId())
        .flatMap(context -> context.jobs().kill(id))
        .orElseGet(() -> CompletableFuture.completedFuture(ended(id)));
  }

  /** A job that is not live has ended, but for moments at its very beginning and end. */
  private Job ended(String id) {
    Job job = find(id).orElseThrow(() -> noJob(id));
    if (!job.state().isFinal()) {
      throw new JobserverException(
          ErrorCode.UNAVAILABLE, "Job " + id + " is being started or ended. Try again.");
    }
    return job;
  }

  static JobserverException noJob(String id) {
    return new JobserverException(ErrorCode.JOB_NOT_FOUND, "No such job ID " + id);
  }
}
