package spark.jobserver.core.context;

import java.time.Clock;
import java.time.Duration;
import java.time.Instant;
import java.time.temporal.ChronoUnit;
import java.util.concurrent.Executor;
import java.util.concurrent.ScheduledExecutorService;
import spark.jobserver.api.dao.JobDao;
import spark.jobserver.api.driver.DriverLauncher;
import spark.jobserver.core.DataFolder;
import spark.jobserver.core.ServerCounters;
import spark.jobserver.core.callback.JobCallbacks;

/**
 * What live contexts work with.
 *
 * @param callbacks who is told of the ends of jobs
 * @param counters of what becomes of contexts and jobs
 * @param workers for what blocks
 * @param timer for what happens later; hands what blocks to the workers
 * @param stopTimeout how long a driver may take to end before it is killed
 * @param reach how recent a driver's last sign of life must be for it to count as reachable
 */
record Surroundings(
    JobDao dao,
    DriverLauncher launcher,
    DataFolder data,
    JobCallbacks callbacks,
    ServerCounters counters,
    Clock clock,
    Executor workers,
    ScheduledExecutorService timer,
    Duration stopTimeout,
    Duration reach) {

  Instant now() {
    return clock.instant().truncatedTo(ChronoUnit.MILLIS);
  }
}
