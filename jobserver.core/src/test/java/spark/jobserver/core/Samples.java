package spark.jobserver.core;

import java.time.Instant;
import java.util.Optional;
import spark.jobserver.api.Binary;
import spark.jobserver.api.BinaryType;
import spark.jobserver.api.Job;
import spark.jobserver.api.JobState;

/** Binaries and jobs of which tests need no more than that they are there. */
public final class Samples {
  public static final Binary EGG =
      new Binary("app", BinaryType.EGG, Instant.EPOCH, "0".repeat(64), 1);

  private Samples() {}

  /** A job that was just submitted, from {@link #EGG}. */
  public static Job job(String id, String contextId, String contextName) {
    return new Job(
        id,
        contextId,
        contextName,
        1,
        EGG,
        "m.C",
        Instant.EPOCH,
        Optional.empty(),
        JobState.STARTED,
        Optional.empty(),
        "");
  }
}
