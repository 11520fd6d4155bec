package spark.jobserver.rest;

import io.swagger.v3.oas.annotations.Operation;
import jakarta.ws.rs.BeanParam;
import jakarta.ws.rs.DELETE;
import jakarta.ws.rs.GET;
import jakarta.ws.rs.Path;
import jakarta.ws.rs.container.AsyncResponse;
import jakarta.ws.rs.container.Suspended;
import jakarta.ws.rs.core.HttpHeaders;
import jakarta.ws.rs.core.Response;
import java.time.ZoneId;
import java.util.Optional;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.TimeUnit;
import org.osgi.service.component.annotations.Activate;
import org.osgi.service.component.annotations.Component;
import org.osgi.service.component.annotations.Reference;
import org.osgi.service.jakartars.whiteboard.propertytypes.JakartarsExtensionSelect;
import org.osgi.service.jakartars.whiteboard.propertytypes.JakartarsResource;
import spark.jobserver.api.Content;
import spark.jobserver.api.Job;
import spark.jobserver.api.JobState;
import spark.jobserver.api.server.Caller;
import spark.jobserver.api.server.ErrorCode;
import spark.jobserver.api.server.JobserverException;
import spark.jobserver.api.server.Standing;

/** {@code /jobs/<id>}: one run. */
@Component(service = JobResource.class)
@JakartarsResource
@JakartarsExtensionSelect(ErrorMapper.SELECT)
@Path("/jobs/{jobId}")
public final class JobResource {
  /** How long a look at a job waits for its end at the most, whatever it asks for, in seconds. */
  private static final int LONGEST_WAIT = 300;

  private final Core core;
  private final Answers answers;
  private final EventStreams events;
  private final JobEnds ends = new JobEnds();

  @Activate
  public JobResource(
      @Reference Core core, @Reference Answers answers, @Reference EventStreams events) {
    this.core = core;
    this.answers = answers;
    this.events = events;
  }

  /**
   * The job, with its result when it is FINISHED. With {@code wait=<seconds>} a job that runs is
   * told when it has ended, or when the time is over.
   */
  @GET
  @Operation(operationId = "getJob")
  public void find(@Suspended AsyncResponse suspended, @BeanParam Request request) {
    String id = request.name();
    Caller caller = request.caller();
    int wait = Math.min(request.query().wholeNumber("wait").orElse(0), LONGEST_WAIT);
    Optional<String> known = request.header(HttpHeaders.IF_NONE_MATCH);
    if (wait == 0) {
      answers.give(request, () -> report(id, caller, known));
    } else {
      answers.giveLater(
          request,
          () -> {
            job(id, caller);
            return ends.within(core.jobs(), id, wait)
                .thenApplyAsync(over -> report(id, caller, known), answers.threads());
          },
          RouteFailure.status("ERROR"));
    }
  }

  private Response report(String id, Caller caller, Optional<String> known) {
    Job job = job(id, caller);
    JobReport report =
        JobReport.of(job, ZoneId.systemDefault())
            .with(core.jobs().progress(id).map(ProgressReport::of));
    EntityTag tag = EntityTag.of(report);
    Response answer =
        job.state() == JobState.FINISHED
            ? Answer.withResult(report, result(id))
            : Answer.ok(report);
    return tag.on(known.filter(tag::isIn).isPresent() ? Answer.notModified(answer) : answer);
  }

  private Job job(String id, Caller caller) {
    return core.jobs(caller).find(id).orElseThrow(() -> unknown(id));
  }

  private Content result(String id) {
    return resultOf(id, core.jobs().result(id));
  }

  static Content resultOf(String id, Optional<Content> result) {
    return result.orElseThrow(
        () -> new IllegalStateException("job " + id + " is FINISHED and has no result"));
  }

  private static JobserverException unknown(String id) {
    return new JobserverException(ErrorCode.JOB_NOT_FOUND, "No such job ID " + id);
  }

  /** The configuration that was posted for the job, as JSON. */
  @GET
  @Path("config")
  @Operation(operationId = "getJobConfig")
  public void config(@Suspended AsyncResponse suspended, @BeanParam Request request) {
    String id = request.name();
    Caller caller = request.caller();
    answers.give(
        request, () -> Answer.json(core.jobs(caller).config(id).orElseThrow(() -> unknown(id))));
  }

  /** The result alone: the JSON text as it is stored. */
  @GET
  @Path("result")
  @Operation(operationId = "getJobResult")
  public void result(@Suspended AsyncResponse suspended, @BeanParam Request request) {
    String id = request.name();
    Caller caller = request.caller();
    answers.give(
        request,
        () -> {
          Job job = job(id, caller);
          if (job.state() != JobState.FINISHED) {
            throw new JobserverException(
                ErrorCode.JOB_NOT_FINISHED,
                "Job " + id + " is " + JobReport.shown(job).name() + " and has no result");
          }
          return Answer.json(result(id));
        });
  }

  /**
   * What the job has written so far, as text: all of it, from {@code offset}, or its last lines.
   */
  @GET
  @Path("log")
  @Operation(operationId = "getJobLog")
  public void log(@Suspended AsyncResponse suspended, @BeanParam Request request) {
    String id = request.name();
    Caller caller = request.caller();
    Query query = request.query();
    Optional<Long> offset = query.size("offset");
    Optional<Integer> tail = query.wholeNumber("tail");
    answers.give(
        request,
        () -> {
          job(id, caller);
          return JobLog.of(core.jobs().log(id)).answer(offset, tail);
        });
  }

  /**
   * What happens to the job, as it happens: an event stream that ends with the job, or when its
   * caller's credential is no longer taken.
   */
  @GET
  @Path("events")
  @Operation(operationId = "followJob")
  public void events(@Suspended AsyncResponse suspended, @BeanParam Request request) {
    String id = request.name();
    Caller caller = request.caller();
    Optional<String> last = request.header("Last-Event-ID");
    Standing standing = request.standing();
    answers.giveLater(
        request,
        () -> {
          job(id, caller);
          return CompletableFuture.completedFuture(events.open(id, last, standing));
        },
        RouteFailure.status("ERROR"));
  }

  /** Ends a job that runs. A job that had failed is told as it failed. */
  @DELETE
  @Operation(operationId = "killJob")
  public void delete(@Suspended AsyncResponse suspended, @BeanParam Request request) {
    String id = request.name();
    Caller caller = request.caller();
    answers.giveLater(
        request,
        () -> {
          Job job = job(id, caller);
          if (job.state() == JobState.KILLED) {
            throw notRunning(id);
          }
          return (job.state().isFinal()
                  ? CompletableFuture.completedFuture(job)
                  : core.jobs(caller).kill(id))
              .thenApply(JobResource::deleted)
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

  static FailureReport failureOf(Job job) {
    return job.failure()
        .map(FailureReport::of)
        .orElseThrow(() -> new IllegalStateException("job " + job.id() + " has no failure"));
  }

  private static JobserverException notRunning(String id) {
    return new JobserverException(ErrorCode.JOB_NOT_RUNNING, "No running job with ID " + id);
  }
}
