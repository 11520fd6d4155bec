package spark.jobserver.api.server;

import java.nio.file.Path;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.concurrent.CompletionStage;
import org.osgi.annotation.versioning.ProviderType;
import spark.jobserver.api.Content;
import spark.jobserver.api.Job;
import spark.jobserver.api.JobFilter;
import spark.jobserver.api.Progress;

/** The jobs. */
@ProviderType
public interface Jobs {
  /**
   * The jobs as somebody sees them: what the caller submits is its own, and of a caller that may
   * see its own only, jobs of others are not there, nor are their contexts.
   */
  Jobs of(Caller caller);

  /**
   * Submits a job, in a context of its own where it names none: that is made first and is stopped
   * when the job has ended.
   *
   * <p>A submission whose key was used for the same request is answered with the job of then, and
   * nothing new is done.
   *
   * @return the submission, once the job is committed; or fails with {@link ErrorCode#AD_HOC_INIT},
   *     or with what this method throws
   * @throws JobserverException {@link ErrorCode#CONFIG}, {@link ErrorCode#CALLBACK}, {@link
   *     ErrorCode#BINARY_NOT_FOUND}, {@link ErrorCode#PACKAGES}, {@link
   *     ErrorCode#CONTEXT_NOT_FOUND}, {@link ErrorCode#CONTEXT_STOPPING}, {@link
   *     ErrorCode#NO_SLOTS}, {@link ErrorCode#TOO_MANY_CONTEXTS}, {@link ErrorCode#IMPERSONATION}
   *     or {@link ErrorCode#KEY_USED}; no job is on record then
   */
  CompletionStage<Submission> submit(JobSubmission submission);

  /** The job with this id. */
  Optional<Job> find(String id);

  /**
   * The end of a job that is not final: completes when it is committed. Empty when there is no such
   * job, or it has ended.
   */
  Optional<CompletionStage<Job>> end(String id);

  /** The latest jobs, the latest first. */
  List<Job> list(JobFilter filter, int limit);

  /** The configuration that was posted for a job, as one JSON object. */
  Optional<String> config(String id);

  /** The result of a FINISHED job: one JSON text in UTF-8. */
  Optional<Content> result(String id);

  /** How far a job that runs has come, as its driver told last; empty when it has not. */
  Optional<Progress> progress(String id);

  /**
   * What a job has written to its standard output and error so far: UTF-8 mostly, as the job wrote
   * it. It is where the server's user can read it.
   *
   * @return a file that may grow; empty when the job is unknown, or has none
   */
  Optional<Path> log(String id);

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
   * @param parameters what the request says of {@code appName} and {@code classPath}, or {@code cp}
   *     and {@code mainClass}; each may stand in the configuration instead. And {@code
   *     spark.proxy.user}, a setting of a context of the job's own
   * @param context the name of a running context; empty for a context of the job's own
   * @param config HOCON; may be empty
   * @param callback the URL to tell when the job has ended
   * @param key by which the request may be repeated
   * @param request the id by which logs know the request; empty where there is none
   */
  record JobSubmission(
      Map<String, String> parameters,
      Optional<String> context,
      String config,
      Optional<String> callback,
      Optional<SubmissionKey> key,
      Optional<String> request) {
    public JobSubmission {
      parameters = Map.copyOf(parameters);
    }

    /** Of a request that logs do not know. */
    public JobSubmission(
        Map<String, String> parameters,
        Optional<String> context,
        String config,
        Optional<String> callback,
        Optional<SubmissionKey> key) {
      this(parameters, context, config, callback, key, Optional.empty());
    }
  }

  /**
   * What makes a submission repeatable.
   *
   * @param caller whose key it is
   * @param key any text
   * @param request what else tells this request from others, besides the submission itself
   */
  record SubmissionKey(String caller, String key, String request) {}

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
