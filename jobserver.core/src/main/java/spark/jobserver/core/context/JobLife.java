package spark.jobserver.core.context;

import java.util.Optional;
import spark.jobserver.api.Context;
import spark.jobserver.api.ContextState;
import spark.jobserver.api.Failure;
import spark.jobserver.api.Job;
import spark.jobserver.api.JobState;
import spark.jobserver.api.server.ErrorCode;
import spark.jobserver.api.server.JobserverException;
import spark.jobserver.link.Event;

/** The end of a job as a pure function: what a driver's words, or its death, mean for it. */
final class JobLife {
  /** What clients of spark-jobserver know a killed job by. */
  static final String KILLED_CLASS = "spark.jobserver.JobManagerActor$JobKilledException";

  /** What clients of spark-jobserver know the loss of a driver during a restart by. */
  static final String RECONNECT_CLASS = "spark.jobserver.util.ContextReconnectFailedException";

  private JobLife() {}

  /**
   * How a job ends.
   *
   * @param state a final state
   * @param failure why, unless it is FINISHED
   * @param refusal what its submitter is told in place of the job, when the job never ran
   * @param worthACall whether a callback that was asked for is made: not when somebody wanted the
   *     job to end, or its submitter knows already
   */
  record End(
      JobState state,
      Optional<Failure> failure,
      Optional<JobserverException> refusal,
      boolean worthACall) {
    private static End of(JobState state, Failure why) {
      return new End(state, Optional.of(why), Optional.empty(), true);
    }

    private static End wanted(JobState state, Failure why) {
      return new End(state, Optional.of(why), Optional.empty(), false);
    }

    private static End refused(ErrorCode code, Failure why) {
      return new End(
          JobState.ERROR, Optional.of(why), Optional.of(new JobserverException(code, why)), false);
    }
  }

  /** What it means that the driver tells the end of a job. */
  static End told(Job job, Event.JobEnded event) {
    return switch (event.ending()) {
      case FINISHED -> new End(JobState.FINISHED, Optional.empty(), Optional.empty(), true);
      case INVALID -> End.refused(ErrorCode.VALIDATION, event.failure());
      case NOT_FOUND ->
          End.refused(
              ErrorCode.CLASS_NOT_FOUND, Failure.of("classPath " + job.classPath() + " not found"));
      case FAILED -> End.of(JobState.ERROR, event.failure());
      case KILLED -> killed(job);
    };
  }

  /**
   * What it means that a job's context is over while the job is not.
   *
   * @param context the context, final
   * @param killWished whether a caller wanted the job to end; it has, with its driver
   */
  static End contextOver(Job job, Context context, boolean killWished) {
    if (killWished) {
      return killed(job);
    }
    if (context.state() == ContextState.FINISHED) {
      return End.wanted(
          JobState.ERROR,
          Failure.of("Context (" + context.name() + ") for this job was terminated"));
    }
    Failure why = context.failure().orElse(Failure.of(""));
    if (why.errorClass().equals(RECONNECT_CLASS)) {
      return End.of(JobState.ERROR, why);
    }
    String message = "Unexpected termination of context " + context.id() + ": " + why.message();
    return End.of(JobState.ERROR, new Failure(message, why.errorClass(), why.stack()));
  }

  /** What it means that the context of a job is over, and an earlier server has not said why. */
  static End orphaned(Failure why) {
    return End.of(JobState.ERROR, why);
  }

  private static End killed(Job job) {
    return End.wanted(
        JobState.KILLED, new Failure("Job " + job.id() + " killed", KILLED_CLASS, ""));
  }
}
