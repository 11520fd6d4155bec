package spark.jobserver.rest;

import com.fasterxml.jackson.annotation.JsonIgnore;
import com.fasterxml.jackson.annotation.JsonInclude;
import com.fasterxml.jackson.annotation.JsonProperty;
import java.time.Duration;
import java.time.ZoneId;
import java.util.Optional;
import spark.jobserver.api.Job;
import spark.jobserver.api.JobState;

/**
 * A job, without the result it may have: that may be large, and {@link ResultBody} adds it.
 *
 * @param jobId a UUID
 * @param startTime when it was submitted, in the server's time zone
 * @param classPath {@code package.module.Class}
 * @param context the name of its context
 * @param contextId the id of its context
 * @param owner who submitted it; left out where nobody was asked for a name
 * @param duration {@code Job not done yet}, or how long it took
 * @param status where it is in its life
 * @param failure why it is ERROR or KILLED
 * @param progress how far it has come, while it runs and where that is known
 */
record JobReport(
    String jobId,
    String startTime,
    String classPath,
    String context,
    String contextId,
    @JsonInclude(JsonInclude.Include.NON_EMPTY) String owner,
    String duration,
    String status,
    @JsonIgnore Optional<FailureReport> failure,
    @JsonInclude(JsonInclude.Include.NON_NULL) ProgressReport progress) {

  /** A job as it is now; one that was only just started counts as running. */
  static JobReport of(Job job, ZoneId zone) {
    return of(job, shown(job), zone);
  }

  /** The state that clients are told: a job that was only just started counts as running. */
  static JobState shown(Job job) {
    return job.state() == JobState.STARTED ? JobState.RUNNING : job.state();
  }

  /** This report with how far the job has come. */
  JobReport with(Optional<ProgressReport> known) {
    return new JobReport(
        jobId,
        startTime,
        classPath,
        context,
        contextId,
        owner,
        duration,
        status,
        failure,
        known.orElse(null));
  }

  /** A job as its submitter is told that it was started. */
  static JobReport started(Job job, ZoneId zone) {
    return of(job, JobState.STARTED, zone);
  }

  private static JobReport of(Job job, JobState shown, ZoneId zone) {
    return new JobReport(
        job.id(),
        Times.zoned(job.startTime(), zone),
        job.classPath(),
        job.contextName(),
        job.contextId(),
        job.owner(),
        job.endTime()
            .map(end -> Times.seconds(Duration.between(job.startTime(), end)))
            .orElse("Job not done yet"),
        shown.name(),
        job.failure().map(FailureReport::of),
        null);
  }

  /** The failure as Jackson takes it: under its key, and null where the key shall not be. */
  @JsonProperty("result")
  @JsonInclude(JsonInclude.Include.NON_NULL)
  FailureReport result() {
    return failure.orElse(null);
  }
}
