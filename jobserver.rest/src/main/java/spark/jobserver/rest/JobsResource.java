package spark.jobserver.rest;

import jakarta.ws.rs.BeanParam;
import jakarta.ws.rs.DELETE;
import jakarta.ws.rs.GET;
import jakarta.ws.rs.POST;
import jakarta.ws.rs.Path;
import jakarta.ws.rs.container.AsyncResponse;
import jakarta.ws.rs.container.Suspended;
import jakarta.ws.rs.core.HttpHeaders;
import jakarta.ws.rs.core.Response;
import java.io.InputStream;
import java.time.Duration;
import java.time.ZoneId;
import java.util.List;
import java.util.Optional;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CompletionStage;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.TimeoutException;
import org.osgi.service.component.annotations.Activate;
import org.osgi.service.component.annotations.Component;
import org.osgi.service.component.annotations.Reference;
import org.osgi.service.jakartars.whiteboard.propertytypes.JakartarsExtensionSelect;
import org.osgi.service.jakartars.whiteboard.propertytypes.JakartarsResource;
import spark.jobserver.api.Content;
import spark.jobserver.api.Job;
import spark.jobserver.api.JobState;
import spark.jobserver.api.server.ErrorCode;
import spark.jobserver.api.server.Jobs.Ended;
import spark.jobserver.api.server.Jobs.Submission;
import spark.jobserver.api.server.JobserverException;

/** {@code /jobs}: single runs. */
@Component(service = JobsResource.class)
@JakartarsResource
@JakartarsExtensionSelect(ErrorMapper.SELECT)
@Path("/jobs")
public final class JobsResource {
  private static final int DEFAULT_LIMIT = 50;

  /** The states that clients know; a job that was only just started counts as running. */
  private static final List<JobState> SHOWN =
      List.of(JobState.RUNNING, JobState.FINISHED, JobState.ERROR, JobState.KILLED);

  private final Core core;
  private final Answers answers;

  @Activate
  public JobsResource(@Reference Core core, @Reference Answers answers) {
    this.core = core;
    this.answers = answers;
  }

  /** The latest jobs without results, the latest first. */
  @GET
  public void list(@Suspended AsyncResponse suspended, @BeanParam Request request) {
    Query query = request.query();
    int limit = query.wholeNumber("limit").orElse(DEFAULT_LIMIT);
    Optional<String> status = query.text("status");
    answers.give(
        suspended,
        request,
        () -> {
          Optional<JobState> state = status.flatMap(JobsResource::shown);
          if (status.isPresent() && state.isEmpty()) {
            return Answer.ok(List.of());
          }
          ZoneId zone = ZoneId.systemDefault();
          return Answer.ok(
              core.jobs().list(limit, state).stream().map(job -> JobReport.of(job, zone)).toList());
        });
  }

  private static Optional<JobState> shown(String status) {
    return SHOWN.stream().filter(state -> state.name().equalsIgnoreCase(status)).findFirst();
  }

  /** A job, with its result when it is FINISHED. */
  @GET
  @Path("{id}")
  public void find(@Suspended AsyncResponse suspended, @BeanParam Request request) {
    String id = request.name();
    answers.give(
        suspended,
        request,
        () -> {
          Job job = core.jobs().find(id).orElseThrow(() -> unknown(id));
          JobReport report = JobReport.of(job, ZoneId.systemDefault());
          return job.state() == JobState.FINISHED
              ? Answer.withResult(report, resultOf(id, core.jobs().result(id)))
              : Answer.ok(report);
        });
  }

  private static Content resultOf(String id, Optional<Content> result) {
    return result.orElseThrow(
        () -> new IllegalStateException("job " + id + " is FINISHED and has no result"));
  }

  private static JobserverException unknown(String id) {
    return new JobserverException(ErrorCode.JOB_NOT_FOUND, "No such job ID " + id);
  }

  /**
   * Submits a job. Without {@code sync} it is answered when the job was found valid and runs, with
   * it when the job has ended. Both wait for {@code timeout} seconds, and no longer than any
   * request may; the job itself goes on.
   *
   * @param body HOCON, whatever its content type
   */
  @POST
  public void submit(
      @Suspended AsyncResponse suspended, @BeanParam Request request, InputStream body) {
    Query query = request.query();
    boolean sync = query.flag("sync");
    Duration timeout =
        query
            .wholeNumber("timeout")
            .map(Duration::ofSeconds)
            .orElse(answers.settings().jobTimeout());
    Optional<String> type = request.header(HttpHeaders.CONTENT_TYPE);
    answers.giveLater(
        suspended,
        request,
        () -> {
          String config = RequestBody.text(body, answers.settings().maxConfigSize(), type);
          SubmissionRequest wanted = SubmissionRequest.of(query);
          if (wanted.packages().size() != 1) {
            return CompletableFuture.completedFuture(wrongPackages(wanted.packages()));
          }
          Submission submission = core.jobs().submit(wanted.submission(config));
          return bounded(
              sync ? whenEnded(submission) : whenStarted(submission),
              submission.job().id(),
              timeout);
        },
        RouteFailure.status("ERROR"));
  }

  /** A Python job comes in one archive; those that are not there are told first. */
  private Response wrongPackages(List<String> packages) {
    for (String name : packages) {
      if (core.binaries().find(name).isEmpty()) {
        throw new JobserverException(ErrorCode.BINARY_NOT_FOUND, "appName " + name + " not found");
      }
    }
    FailureReport why =
        new FailureReport(
            "Python should have exactly one package file! Found: " + packages.size(),
            IllegalArgumentException.class.getName(),
            "");
    return Answer.of(400, new ErrorReport("JOB LOADING FAILED", why));
  }

  private static CompletionStage<Response> whenStarted(Submission submission) {
    return submission
        .started()
        .thenApply(
            started -> Answer.of(202, JobReport.started(submission.job(), ZoneId.systemDefault())));
  }

  /** A job that is refused never started, and is told as refused before it is told as ended. */
  private static CompletionStage<Response> whenEnded(Submission submission) {
    return submission
        .started()
        .thenCompose(started -> submission.ended())
        .thenApply(JobsResource::ended);
  }

  private static Response ended(Ended ended) {
    Job job = ended.job();
    if (job.state() == JobState.FINISHED) {
      return Answer.withResult(
          new SyncReport.Finished(job.id()), resultOf(job.id(), ended.result()));
    }
    return Answer.ok(new SyncReport(job.id(), job.state().name(), failureOf(job)));
  }

  private static FailureReport failureOf(Job job) {
    return job.failure()
        .map(FailureReport::of)
        .orElseThrow(() -> new IllegalStateException("job " + job.id() + " has no failure"));
  }

  private CompletionStage<Response> bounded(
      CompletionStage<Response> answer, String id, Duration timeout) {
    Duration most = answers.settings().requestTimeout();
    boolean first = timeout.compareTo(most) <= 0;
    return answer
        .toCompletableFuture()
        .completeOnTimeout(
            first ? askTimedOut(id, timeout) : answers.timedOut(),
            (first ? timeout : most).toMillis(),
            TimeUnit.MILLISECONDS);
  }

  private static Response askTimedOut(String id, Duration timeout) {
    FailureReport why =
        new FailureReport(
            "Ask timed out on [job %s] after [%d ms]. The job goes on; GET /jobs/%s says how it is"
                .formatted(id, timeout.toMillis(), id),
            TimeoutException.class.getName(),
            "");
    return Answer.of(500, new ErrorReport("ERROR", why));
  }

  /** Ends a job that runs. A job that had failed is told as it failed. */
  @DELETE
  @Path("{id}")
  public void delete(@Suspended AsyncResponse suspended, @BeanParam Request request) {
    String id = request.name();
    answers.giveLater(
        suspended,
        request,
        () -> {
          Job job = core.jobs().find(id).orElseThrow(() -> unknown(id));
          if (job.state() == JobState.KILLED) {
            throw notRunning(id);
          }
          return (job.state().isFinal()
                  ? CompletableFuture.completedFuture(job)
                  : core.jobs().kill(id))
              .thenApply(JobsResource::deleted)
              .toCompletableFuture()
              .completeOnTimeout(
                  answers.timedOut(),
                  answers.settings().requestTimeout().toMillis(),
                  TimeUnit.MILLISECONDS);
        },
        RouteFailure.status("ERROR"));
  }

  private static Response deleted(Job job) {
    return switch (job.state()) {
      case KILLED -> Answer.ok(new StatusReport(job.state().name()));
      case ERROR -> Answer.ok(new DeletedJobReport(job.state().name(), failureOf(job)));
      case FINISHED -> throw notRunning(job.id());
      case STARTED, RUNNING ->
          throw new IllegalStateException("job " + job.id() + " was killed and is not final");
    };
  }

  private static JobserverException notRunning(String id) {
    return new JobserverException(ErrorCode.JOB_NOT_RUNNING, "No running job with ID " + id);
  }
}
