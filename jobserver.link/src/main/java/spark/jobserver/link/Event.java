package spark.jobserver.link;

import static java.util.Objects.requireNonNull;

import com.fasterxml.jackson.annotation.JsonSubTypes;
import com.fasterxml.jackson.annotation.JsonTypeInfo;
import spark.jobserver.api.Failure;
import spark.jobserver.api.Progress;

/**
 * What a driver tells the server. Each is harmless when it is repeated or comes out of order;
 * {@link ContextFailed} and {@link ContextEnded} come last. All but {@link JobProgress} are told
 * until the server has taken them.
 */
@JsonTypeInfo(use = JsonTypeInfo.Id.NAME, property = "type")
@JsonSubTypes({
  @JsonSubTypes.Type(value = Event.ContextReady.class, name = "context-ready"),
  @JsonSubTypes.Type(value = Event.ContextFailed.class, name = "context-failed"),
  @JsonSubTypes.Type(value = Event.ContextEnded.class, name = "context-ended"),
  @JsonSubTypes.Type(value = Event.JobStarted.class, name = "job-started"),
  @JsonSubTypes.Type(value = Event.JobProgress.class, name = "job-progress"),
  @JsonSubTypes.Type(value = Event.JobEnded.class, name = "job-ended")
})
public sealed interface Event {
  /**
   * The context is up.
   *
   * @param applicationId Spark's application id
   * @param url the address of Spark's user interface; empty where there is none
   */
  record ContextReady(String applicationId, String url) implements Event {}

  /** The context could not be made; the driver ends. */
  record ContextFailed(Failure failure) implements Event {}

  /**
   * The context has ended, and the driver ends.
   *
   * @param reason why, when nobody asked for it; empty when it was asked to
   */
  record ContextEnded(String reason) implements Event {}

  /** A job was found valid and runs. */
  record JobStarted(String jobId) implements Event {}

  /**
   * A job that runs has come so far. May be lost, for the next one says it better; means nothing
   * once the job has ended.
   */
  record JobProgress(String jobId, Progress progress) implements Event {
    public JobProgress {
      requireNonNull(progress, "progress");
    }
  }

  /**
   * A job has ended. The JSON text of its result follows the message.
   *
   * @param failure why, unless it is FINISHED; its parts are empty then
   */
  record JobEnded(String jobId, Ending ending, Failure failure) implements Event {}

  /** How a job ended. */
  enum Ending {
    FINISHED,
    /** {@code validate} refused the input; the failure's message lists the problems, one a line. */
    INVALID,
    /** The class path, which is the failure's message, is not in the binary. */
    NOT_FOUND,
    /** It raised an error, its process died, or its context ended under it. */
    FAILED,
    /** It was ended by {@link Command.KillJob}. */
    KILLED
  }
}
