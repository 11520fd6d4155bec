package spark.jobserver.core.job;

import java.time.Instant;
import java.time.temporal.ChronoUnit;
import java.util.Comparator;
import java.util.List;
import java.util.Optional;
import java.util.UUID;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CompletionStage;
import java.util.stream.Stream;
import org.osgi.service.component.annotations.Activate;
import org.osgi.service.component.annotations.Component;
import org.osgi.service.component.annotations.ConfigurationPolicy;
import org.osgi.service.component.annotations.Reference;
import spark.jobserver.api.Binary;
import spark.jobserver.api.Content;
import spark.jobserver.api.Job;
import spark.jobserver.api.JobState;
import spark.jobserver.api.dao.JobDao;
import spark.jobserver.api.server.ErrorCode;
import spark.jobserver.api.server.Jobs;
import spark.jobserver.api.server.JobserverException;
import spark.jobserver.core.config.CoreConfig;
import spark.jobserver.core.config.PostedConfig;
import spark.jobserver.core.context.ContextSupervisor;
import spark.jobserver.core.context.LiveContext;

/** Commits jobs and hands them to their contexts. */
@Component(
    service = Jobs.class,
    configurationPid = CoreConfig.PID,
    configurationPolicy = ConfigurationPolicy.REQUIRE)
public final class DispatchedJobs implements Jobs {
  private static final Comparator<Job> LATEST_FIRST =
      Comparator.comparing(Job::startTime).thenComparing(Job::id).reversed();

  private final JobDao dao;
  private final ContextSupervisor supervisor;
  private final int slots;

  @Activate
  public DispatchedJobs(
      CoreConfig config,
      @Reference(name = "dao") JobDao dao,
      @Reference ContextSupervisor supervisor) {
    this.dao = dao;
    this.supervisor = supervisor;
    this.slots = config.max$_$jobs$_$per$_$context();
    if (slots < 1) {
      throw new IllegalArgumentException(
          "spark.jobserver.max-jobs-per-context must be at least 1, not " + slots);
    }
  }

  @Override
  public Submission submit(JobSubmission submission) {
    String config = PostedConfig.json(PostedConfig.parse(submission.config()));
    Binary binary =
        dao.latestBinary(submission.binary()).orElseThrow(() -> noBinary(submission.binary()));
    LiveContext context =
        supervisor
            .find(submission.context())
            .orElseThrow(
                () ->
                    new JobserverException(
                        ErrorCode.CONTEXT_NOT_FOUND,
                        "context " + submission.context() + " not found"));
    context.takeSlot(slots);
    return context.dispatch(commit(submission, config, binary, context), config);
  }

  private Job commit(JobSubmission submission, String config, Binary binary, LiveContext context) {
    Job job =
        new Job(
            UUID.randomUUID().toString(),
            context.context().id(),
            context.context().name(),
            context.epoch(),
            binary,
            submission.classPath(),
            Instant.now().truncatedTo(ChronoUnit.MILLIS),
            Optional.empty(),
            JobState.STARTED,
            Optional.empty());
    boolean committed = false;
    try {
      committed = dao.insertJob(job, config);
    } finally {
      if (!committed) {
        context.giveBackSlot();
      }
    }
    if (!committed) {
      throw noBinary(binary.name());
    }
    return job;
  }

  private static JobserverException noBinary(String name) {
    return new JobserverException(ErrorCode.BINARY_NOT_FOUND, "appName " + name + " not found");
  }

  @Override
  public Optional<Job> find(String id) {
    return dao.job(id);
  }

  @Override
  public List<Job> list(int limit, Optional<JobState> state) {
    if (state.filter(JobState.RUNNING::equals).isEmpty()) {
      return dao.jobs(limit, state);
    }
    return Stream.of(JobState.STARTED, JobState.RUNNING)
        .flatMap(running -> dao.jobs(limit, Optional.of(running)).stream())
        .sorted(LATEST_FIRST)
        .limit(limit)
        .toList();
  }

  @Override
  public Optional<Content> result(String id) {
    return dao.result(id);
  }

  @Override
  public CompletionStage<Job> kill(String id) {
    Job job = find(id).orElseThrow(() -> noJob(id));
    return supervisor
        .byId(job.contextId())
        .flatMap(context -> context.kill(id))
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

  private static JobserverException noJob(String id) {
    return new JobserverException(ErrorCode.JOB_NOT_FOUND, "No such job ID " + id);
  }
}
