package spark.jobserver.health;

import java.util.List;
import org.apache.felix.hc.api.Result;

/**
 * What a check has said.
 *
 * @param name of the check
 * @param status as Felix Health Checks has it; OK and WARN are well
 * @param message in a few words
 * @param ready whether the server is not ready unless this is well
 */
record CheckResult(String name, Result.Status status, String message, boolean ready) {
  /** Whether it is well. */
  boolean isWell() {
    return status == Result.Status.OK || status == Result.Status.WARN;
  }

  /** Whether nothing that the server needs for its work is amiss. */
  static boolean areReady(List<CheckResult> results) {
    return results.stream().allMatch(result -> result.isWell() || !result.ready())
        && results.stream().anyMatch(CheckResult::ready);
  }
}
