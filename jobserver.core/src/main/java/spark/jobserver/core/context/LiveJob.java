package spark.jobserver.core.context;

import java.time.Duration;
import java.time.temporal.ChronoUnit;
import java.util.List;
import java.util.Optional;
import java.util.OptionalLong;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.atomic.AtomicReference;
import spark.jobserver.api.Binary;
import spark.jobserver.api.Job;
import spark.jobserver.api.Progress;
import spark.jobserver.api.server.JobObserver.Times;
import spark.jobserver.api.server.Jobs.Ended;
import spark.jobserver.api.server.Jobs.Submission;
import spark.jobserver.link.Command;
import spark.jobserver.link.Event;

/**
 * A job that is committed and not final, with those who wait for it.
 *
 * @param job as it is on record
 * @param callback the URL to tell when it has ended
 * @param request by which logs know the request that submitted it; empty when that is not known
 * @param begun when it was stored, by {@link System#nanoTime}; empty when an earlier server did
 * @param progress what its driver told last; null before that
 * @param started completes when it runs or has ended, fails when it was refused
 * @param ended completes when its end is committed
 */
record LiveJob(
    Job job,
    Optional<String> callback,
    String request,
    OptionalLong begun,
    AtomicReference<Progress> progress,
    CompletableFuture<Void> started,
    CompletableFuture<Ended> ended) {

  /** A job of this server. */
  static LiveJob of(Job job, Optional<String> callback, String request) {
    return of(job, callback, request, OptionalLong.of(System.nanoTime()));
  }

  /** A job that an earlier server has begun. */
  static LiveJob adopted(Job job, Optional<String> callback) {
    return of(job, callback, "", OptionalLong.empty());
  }

  private static LiveJob of(
      Job job, Optional<String> callback, String request, OptionalLong begun) {
    return new LiveJob(
        job,
        callback,
        request,
        begun,
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
        config,
        request);
  }

  /**
   * How long it took, when its end is stored now.
   *
   * @param told how its driver has told the end; empty when it has not
   */
  Times times(Optional<Event.JobEnded> told) {
    Optional<Duration> total =
        begun.isPresent()
            ? Optional.of(Duration.ofNanos(System.nanoTime() - begun.getAsLong()))
            : Optional.empty();
    return new Times(
        total,
        told.flatMap(end -> told(end.preparing())),
        told.flatMap(end -> told(end.running())));
  }

  private static Optional<Duration> told(long micros) {
    return micros == 0 ? Optional.empty() : Optional.of(Duration.of(micros, ChronoUnit.MICROS));
  }

  /** The job as its submitter knows it. */
  Submission submission() {
    return new Submission(job, started, ended);
  }
}
