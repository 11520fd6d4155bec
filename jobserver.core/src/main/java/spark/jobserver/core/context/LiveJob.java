package spark.jobserver.core.context;

import java.util.concurrent.CompletableFuture;
import spark.jobserver.api.Job;
import spark.jobserver.api.server.Jobs.Ended;
import spark.jobserver.link.Command;

/**
 * A job that is committed and not final, with those who wait for it.
 *
 * @param job as it is on record
 * @param command what its driver is told
 * @param started completes when it runs or has ended, fails when it was refused
 * @param ended completes when its end is committed
 */
record LiveJob(
    Job job,
    Command.RunJob command,
    CompletableFuture<Void> started,
    CompletableFuture<Ended> ended) {

  static LiveJob of(Job job, String config) {
    Command.RunJob command =
        new Command.RunJob(job.id(), job.classPath(), Command.BinaryFile.of(job.binary()), config);
    return new LiveJob(job, command, new CompletableFuture<>(), new CompletableFuture<>());
  }
}
