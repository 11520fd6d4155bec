package spark.jobserver.api.server;

import java.time.Duration;
import java.util.Optional;
import org.osgi.annotation.versioning.ConsumerType;
import spark.jobserver.api.JobState;

/** Is told of the ends of jobs. A bundle publishes it as an OSGi service. */
@ConsumerType
public interface JobObserver {
  /**
   * A job has ended, and that is stored. Called from any thread, once for each job; must return at
   * once.
   *
   * @param state a final state
   */
  void ended(JobState state, Times times);

  /**
   * How long a job took.
   *
   * @param total from when it was stored to when its end was; empty for a job that an earlier
   *     server has begun
   * @param preparing in its driver until it was found valid: waiting for a worker, loading the
   *     binary, {@code validate}; empty when it never was, or its driver has not told
   * @param running from then to its end in the driver
   */
  record Times(Optional<Duration> total, Optional<Duration> preparing, Optional<Duration> running) {
    /** Nothing is known. */
    public static final Times UNKNOWN =
        new Times(Optional.empty(), Optional.empty(), Optional.empty());

    /**
     * What is left: the ways between server and driver, and the storing of the end. Empty where a
     * part of it is not known.
     */
    public Optional<Duration> delivering() {
      return total.flatMap(
          all -> preparing.flatMap(first -> running.map(second -> all.minus(first).minus(second))));
    }
  }
}
