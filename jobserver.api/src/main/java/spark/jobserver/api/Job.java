package spark.jobserver.api;

import static java.util.Objects.requireNonNull;

import java.time.Instant;
import java.util.Optional;

/**
 * A job on record, without its configuration and its result, which may be large and are read apart.
 *
 * @param id a random UUID
 * @param contextId the context it runs in
 * @param contextName that context's name
 * @param epoch the start of the driver it was given to; a driver of another epoch never runs it
 * @param binary the version of the binary it was started from
 * @param classPath {@code package.module.Class}
 * @param startTime when it was submitted, to the millisecond
 * @param endTime when it became final
 * @param state where it is in its life
 * @param failure why it is ERROR or KILLED
 * @param owner the name of the caller who submitted it; empty where nobody is asked for a name
 */
public record Job(
    String id,
    String contextId,
    String contextName,
    int epoch,
    Binary binary,
    String classPath,
    Instant startTime,
    Optional<Instant> endTime,
    JobState state,
    Optional<Failure> failure,
    String owner) {

  public Job {
    requireNonNull(id, "id");
    requireNonNull(contextId, "contextId");
    requireNonNull(contextName, "contextName");
    requireNonNull(binary, "binary");
    requireNonNull(classPath, "classPath");
    requireNonNull(startTime, "startTime");
    requireNonNull(owner, "owner");
    if (state.isFinal() != endTime.isPresent()) {
      throw new IllegalArgumentException("a job has an end time exactly when it is final");
    }
    boolean explained = state == JobState.ERROR || state == JobState.KILLED;
    if (explained != failure.isPresent()) {
      throw new IllegalArgumentException("exactly the jobs that failed have a failure");
    }
  }

  /** A job that was just submitted. */
  public static Job started(
      String id,
      Context context,
      int epoch,
      Binary binary,
      String classPath,
      Instant startTime,
      String owner) {
    return new Job(
        id,
        context.id(),
        context.name(),
        epoch,
        binary,
        classPath,
        startTime,
        Optional.empty(),
        JobState.STARTED,
        Optional.empty(),
        owner);
  }

  /** This job in a state that is not final. */
  public Job in(JobState next) {
    return new Job(
        id,
        contextId,
        contextName,
        epoch,
        binary,
        classPath,
        startTime,
        Optional.empty(),
        next,
        Optional.empty(),
        owner);
  }

  /** This job at its end. */
  public Job ended(JobState end, Instant time, Optional<Failure> why) {
    return new Job(
        id,
        contextId,
        contextName,
        epoch,
        binary,
        classPath,
        startTime,
        Optional.of(time),
        end,
        why,
        owner);
  }
}
