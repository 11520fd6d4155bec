package spark.jobserver.callback;

import java.time.Instant;
import java.util.Optional;
import spark.jobserver.api.Binary;
import spark.jobserver.api.BinaryType;
import spark.jobserver.api.Failure;
import spark.jobserver.api.Job;
import spark.jobserver.api.JobState;

/** Jobs that have ended. */
final class Jobs {
  private static final Instant TIME = Instant.ofEpochMilli(1_000);

  private Jobs() {}

  static Job finished(String id) {
    return job(id, JobState.FINISHED, Optional.empty());
  }

  static Job failed(String id, Failure why) {
    return job(id, JobState.ERROR, Optional.of(why));
  }

  private static Job job(String id, JobState end, Optional<Failure> why) {
    Binary binary = new Binary("binary", BinaryType.EGG, TIME, "0".repeat(64), 1);
    return new Job(id, "context", "name", 1, binary, "a.B", TIME, Optional.of(TIME), end, why, "");
  }
}
