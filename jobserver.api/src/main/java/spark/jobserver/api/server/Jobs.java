package spark.jobserver.api.server;

import java.util.List;
import java.util.Optional;
import java.util.concurrent.CompletionStage;
import org.osgi.annotation.versioning.ProviderType;
import spark.jobserver.api.Content;
import spark.jobserver.api.Job;
import spark.jobserver.api.JobState;

/** The jobs. */
@ProviderType
public interface Jobs {
  /**
   * Submits a job.
   *
   * @return the submission, once the job is committed
   * @throws JobserverException {@link ErrorCode#CONFIG}, {@link ErrorCode#BINARY_NOT_FOUND}, {@link
   *     ErrorCode#CONTEXT_NOT_FOUND}, {@link ErrorCode#CONTEXT_STOPPING} or {@link
   *     ErrorCode#NO_SLOTS}; nothing is on record then
   */
  Submission submit(JobSubmission submission);

  /** The job with this id. */
  Optional<Job> find(String id);

  /**
   * The latest jobs, the latest first.
   *
   * @param state only jobs in this state; {@link JobState#RUNNING} includes those just started
   */
  List<Job> list(int limit, Optional<JobState> state);

  /** The result of a FINISHED job: one JSON text in UTF-8. */
  Optional<Content> result(String id);

  /**
   * Ends a running job.
   *
   * @return the job once it is final: KILLED, or another state when it ended by itself meanwhile;
   *     or fails with {@link ErrorCode#UNAVAILABLE} when its driver is out of reach, with the wish
   *     kept
   * @throws JobserverException {@link ErrorCode#JOB_NOT_FOUND}
   */
  CompletionStage<Job> kill(String id);

  /**
   * What a caller wants to run.
   *
   * @param binary the name of a binary
   * @param classPath {@code package.module.Class}
   * @param context the name of a running context
   * @param config HOCON; may be empty
   */
  record JobSubmission(String binary, String classPath, String context, String config) {}

  /**
   * A job that is committed.
   *
   * @param job the job as committed
   * @param started completes when the job was found valid and runs, or has ended; fails with {@link
   *     ErrorCode#VALIDATION} or {@link ErrorCode#CLASS_NOT_FOUND} when it was refused
   * @param ended completes when the end of the job is committed
   */
  record Submission(Job job, CompletionStage<Void> started, CompletionStage<Ended> ended) {}

  /**
   * A job at its end.
   *
   * @param result the JSON text, when it is FINISHED
   */
  record Ended(Job job, Optional<Content> result) {}
}
