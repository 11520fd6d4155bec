package spark.jobserver.core.job;

import java.util.concurrent.atomic.AtomicLong;
import spark.jobserver.api.dao.JobInput;
import spark.jobserver.api.server.ErrorCode;
import spark.jobserver.api.server.JobserverException;

/**
 * Bounds the memory that is taken by the inputs of jobs which wait for a context of their own or
 * for a driver that is slow to listen. Called by many threads at once.
 */
final class HeldInputs {
  /** The most characters of all together. One alone has at most 16 Mi. */
  static final long MOST = 32L * 1024 * 1024;

  private final AtomicLong held = new AtomicLong();

  /**
   * Counts an input in.
   *
   * @throws JobserverException {@link ErrorCode#UNAVAILABLE} when there are too many
   */
  void take(JobInput input) {
    if (held.addAndGet(size(input)) > MOST) {
      giveBack(input);
      throw new JobserverException(
          ErrorCode.UNAVAILABLE,
          "Too many large configurations wait for their contexts. Try again.");
    }
  }

  /** Counts it out again, once. */
  void giveBack(JobInput input) {
    held.addAndGet(-size(input));
  }

  private static long size(JobInput input) {
    return input.config().length();
  }
}
