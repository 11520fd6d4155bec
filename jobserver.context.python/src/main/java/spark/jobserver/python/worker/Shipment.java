package spark.jobserver.python.worker;

import java.util.List;
import java.util.Optional;
import spark.jobserver.api.context.JobRequest.Dependency;

/**
 * What a job imports from, once executors can have it.
 *
 * @param key what tells these binaries from others: no process imports from two of them
 * @param includes names of the files and folders that executors import from: what comes last goes
 *     first
 * @param dependencies what the job depends on besides its binary, as one
 */
record Shipment(String key, List<String> includes, Optional<Dependencies> dependencies) {
  Shipment {
    includes = List.copyOf(includes);
  }

  /**
   * Several binaries that are imported as if they were one.
   *
   * @param digest what tells them from others: 64 hexadecimal digits
   */
  record Dependencies(List<Dependency> binaries, String digest) {
    Dependencies {
      binaries = List.copyOf(binaries);
    }
  }
}
