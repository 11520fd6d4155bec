package spark.jobserver.core.context;

import java.util.List;
import java.util.Optional;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.atomic.AtomicReference;
import spark.jobserver.api.Binary;
import spark.jobserver.api.Job;
import spark.jobserver.api.Progress;
import spark.jobserver.api.server.Jobs.Ended;
import spark.jobserver.api.server.Jobs.Submission;
import spark.jobserver.link.Command;

/**
 * A job that is committed and not final, with those who wait for it.
 *
 * @param job as it is on record
 * @param callback the URL to tell when it has ended
 * @param progress what its driver told last; null before that
 * @param started completes when it runs or has ended, fails when it was refused
 * @param ended completes when its end is committed
 */
record LiveJob(
    Job job,
    Optional<String> callback,
    AtomicReference<Progress> progress,
    CompletableFuture<Void> started,
    CompletableFuture<Ended> ended) {

  static LiveJob of(Job job, Optional<String> callback) {
    return new LiveJob(
        job,
        callback,
        new AtomicReference<>(),
        new CompletableFuture<>(),
        new CompletableFuture<>());
  }

  /**
   * What its driver is told. It is not kept, for a configuration may be large and a job long.
   *
   * @param config the job's configuration, as JSON
   * @param dependencies what it imports from besides its binary
   */
  Command.RunJob command(String config, List<Binary> dependencies) {
    return new Command.RunJob(
        job.id(),
        job.classPath(),
        Command.BinaryFile.of(job.binary()),
        dependencies.stream().map(Command.BinaryFile::of).toList(),
        config);
  }

  /** The job as its submitter knows it. */
  Submission submission() {
    return new Submission(job, started, ended);
  }
}
