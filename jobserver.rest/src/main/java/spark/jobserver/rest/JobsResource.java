package spark.jobserver.rest;

import io.swagger.v3.oas.annotations.Operation;
import jakarta.ws.rs.BeanParam;
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
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.concurrent.CompletionStage;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.TimeoutException;
import org.osgi.service.component.annotations.Activate;
import org.osgi.service.component.annotations.Component;
import org.osgi.service.component.annotations.Reference;
import org.osgi.service.jakartars.whiteboard.propertytypes.JakartarsExtensionSelect;
import org.osgi.service.jakartars.whiteboard.propertytypes.JakartarsResource;
import spark.jobserver.api.Context;
import spark.jobserver.api.Job;
import spark.jobserver.api.JobFilter;
import spark.jobserver.api.JobState;
import spark.jobserver.api.server.Caller;
import spark.jobserver.api.server.Jobs.Ended;
import spark.jobserver.api.server.Jobs.JobSubmission;
import spark.jobserver.api.server.Jobs.Submission;
import spark.jobserver.api.server.Jobs.SubmissionKey;

/** {@code /jobs}: single runs. */
@Component(service = JobsResource.class)
@JakartarsResource
@JakartarsExtensionSelect(ErrorMapper.SELECT)
@Path("/jobs")
public final class JobsResource {
  /** The parameters that say what to run, and for whom; they may stand in the body as well. */
  private static final Set<String> WHAT_TO_RUN =
      Set.of("appName", "classPath", "cp", "mainClass", Context.PROXY_USER);

  private final Core core;
  private final Answers answers;
  private final PostedTexts texts;

  @Activate
  public JobsResource(
      @Reference Core core, @Reference Answers answers, @Reference PostedTexts texts) {
    this.core = core;
    this.answers = answers;
    this.texts = texts;
  }

  /**
   * The latest jobs without results, the latest first; of those that {@code context}, {@code
   * status}, {@code classPath} and {@code since} let through. Where there are more than {@code
   * limit}, the header {@code Link} has the way to the next ones.
   */
  @GET
  @Operation(operationId = "listJobs")
  public void list(@Suspended AsyncResponse suspended, @BeanParam Request request) {
    JobListRequest wanted = JobListRequest.of(request.query());
    Caller caller = request.caller();
    answers.give(
        request,
        () -> {
          Optional<JobFilter> filter = wanted.filter();
          return filter.isEmpty() ? Answer.ok(List.of()) : page(wanted, filter.get(), caller);
        });
  }

  private Response page(JobListRequest wanted, JobFilter filter, Caller caller) {
    ZoneId zone = ZoneId.systemDefault();
    List<Job> found = core.jobs(caller).list(filter, wanted.limit() + 1);
    List<Job> jobs = found.subList(0, Math.min(found.size(), wanted.limit()));
    Response page = Answer.ok(jobs.stream().map(job -> JobReport.of(job, zone)).toList());
    return jobs.isEmpty() || jobs.size() == found.size()
        ? page
        : Response.fromResponse(page)
            .header(HttpHeaders.LINK, wanted.next(jobs.get(jobs.size() - 1)))
            .build();
  }

  /**
   * Submits a job. Without {@code sync} it is answered when the job was found valid and runs, with
   * it when the job has ended. Both wait for {@code timeout} seconds, and no longer than any
   * request may; the job itself goes on. The time starts when the job does: a context of its own
   * may take longer to come up.
   *
   * @param body HOCON, whatever its content type
   */
  @POST
  @Operation(operationId = "submitJob")
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
    Optional<SubmissionKey> key = IdempotencyKey.of(request, query);
    Optional<String> id = request.id();
    Caller caller = request.caller();
    InputStream whole = request.body(body);
    answers.giveLater(
        request,
        () ->
            texts
                .read(
                    whole,
                    type,
                    config -> core.jobs(caller).submit(submission(query, config, key, id)))
                .thenCompose(
                    submission ->
                        bounded(
                            sync ? whenEnded(submission) : whenStarted(submission),
                            submission.job().id(),
                            timeout)),
        RouteFailure.status("ERROR"));
  }

  private static JobSubmission submission(
      Query query, String config, Optional<SubmissionKey> key, Optional<String> id) {
    Map<String, String> parameters = new HashMap<>(query.all());
    parameters.keySet().retainAll(WHAT_TO_RUN);
    return new JobSubmission(
        parameters, query.text("context"), config, query.text("callbackUrl"), key, id);
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
          new SyncReport.Finished(job.id()), JobResource.resultOf(job.id(), ended.result()));
    }
    return Answer.ok(new SyncReport(job.id(), job.state().name(), JobResource.failureOf(job)));
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
}
