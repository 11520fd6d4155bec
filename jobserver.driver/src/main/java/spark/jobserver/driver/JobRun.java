package spark.jobserver.driver;

import java.time.Duration;
import java.util.Optional;
import java.util.OptionalLong;
import java.util.function.BiConsumer;
import java.util.function.Consumer;
import java.util.function.LongSupplier;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;
import spark.jobserver.api.Content;
import spark.jobserver.api.Failure;
import spark.jobserver.api.Progress;
import spark.jobserver.api.context.JobListener;
import spark.jobserver.api.context.JobOutcome;
import spark.jobserver.api.context.RunningJob;
import spark.jobserver.link.Event;

/** One job in this driver, from when it was accepted to its end. */
final class JobRun implements JobListener {
  private static final Logger LOG = LoggerFactory.getLogger(JobRun.class);
  private static final Failure NONE = Failure.of("");

  private final String jobId;
  private final Runnable validated;
  private final Consumer<Progress> progressed;
  private final BiConsumer<Event.JobEnded, Content> ended;
  private Optional<Event.JobEnded> wish = Optional.empty();
  private Optional<RunningJob> running = Optional.empty();
  private final LongSupplier clock;
  private final long accepted;
  private OptionalLong foundValid = OptionalLong.empty();
  private boolean begun;
  private boolean over;

  /** Hands a job to the context. */
  interface Start {
    RunningJob run(JobListener listener) throws Exception;
  }

  /**
   * @param validated called at most once, when the job itself runs
   * @param progressed called each time that the job has come further, never after the end; returns
   *     at once
   * @param ended called exactly once, last, with how the job ended and its result
   */
  JobRun(
      String jobId,
      Runnable validated,
      Consumer<Progress> progressed,
      BiConsumer<Event.JobEnded, Content> ended) {
    this(jobId, validated, progressed, ended, System::nanoTime);
  }

  /**
   * As that.
   *
   * @param clock the time in nanoseconds, from whenever
   */
  JobRun(
      String jobId,
      Runnable validated,
      Consumer<Progress> progressed,
      BiConsumer<Event.JobEnded, Content> ended,
      LongSupplier clock) {
    this.jobId = jobId;
    this.validated = validated;
    this.progressed = progressed;
    this.ended = ended;
    this.clock = clock;
    this.accepted = clock.getAsLong();
  }

  /** Begins the job, unless it was ended before. */
  void begin(Start start) {
    synchronized (this) {
      if (over || begun) {
        return;
      }
      begun = true;
    }
    try {
      begun(start.run(this));
    } catch (Exception | LinkageError e) {
      synchronized (this) {
        if (wish.isEmpty()) {
          wish = Optional.of(new Event.JobEnded(jobId, Event.Ending.FAILED, Failure.of(e)));
        }
      }
      conclude();
    }
  }

  @Override
  public void begun(RunningJob job) {
    synchronized (this) {
      if (running.isPresent()) {
        return;
      }
      running = Optional.of(job);
      if (over || wish.isEmpty()) {
        return;
      }
    }
    kill(job);
  }

  /** Somebody wants it to end. */
  void kill() {
    end(new Event.JobEnded(jobId, Event.Ending.KILLED, NONE));
  }

  /** Its context ends, which is why it must. */
  void abort(Failure why) {
    end(new Event.JobEnded(jobId, Event.Ending.FAILED, why));
  }

  private void end(Event.JobEnded how) {
    Optional<RunningJob> job;
    synchronized (this) {
      if (over) {
        return;
      }
      if (wish.isEmpty()) {
        wish = Optional.of(how);
      }
      job = running;
      if (begun && job.isEmpty()) {
        return; // it is just being handed over, and is killed then
      }
    }
    if (job.isPresent()) {
      kill(job.get());
    } else {
      conclude();
    }
  }

  private void kill(RunningJob job) {
    try {
      job.kill();
    } catch (RuntimeException e) {
      LOG.warn("job {}: cannot be killed", jobId, e);
    }
  }

  /** The processes are gone: it has ended, whether the context said so or not. */
  void conclude() {
    Event.JobEnded how;
    synchronized (this) {
      how =
          wish.orElseGet(
              () ->
                  new Event.JobEnded(
                      jobId, Event.Ending.FAILED, Failure.of("The job's context has ended")));
    }
    tell(how, Content.of(new byte[0]));
  }

  /** It cannot be run. */
  void fail(Failure why) {
    ended(new JobOutcome.Failed(why));
  }

  @Override
  public void validated() {
    synchronized (this) {
      if (over) {
        return;
      }
      foundValid = OptionalLong.of(clock.getAsLong());
    }
    validated.run();
  }

  @Override
  public synchronized void progressed(Progress progress) {
    if (!over) {
      progressed.accept(progress);
    }
  }

  @Override
  public void ended(JobOutcome outcome) {
    Content result =
        outcome instanceof JobOutcome.Finished finished
            ? finished.result()
            : Content.of(new byte[0]);
    tell(ending(outcome), result);
  }

  private synchronized Event.JobEnded ending(JobOutcome outcome) {
    if (outcome instanceof JobOutcome.Finished) {
      return new Event.JobEnded(jobId, Event.Ending.FINISHED, NONE);
    }
    if (outcome instanceof JobOutcome.Invalid invalid) {
      return new Event.JobEnded(
          jobId, Event.Ending.INVALID, Failure.of(String.join("\n", invalid.problems())));
    }
    if (outcome instanceof JobOutcome.NotFound missing) {
      return new Event.JobEnded(jobId, Event.Ending.NOT_FOUND, Failure.of(missing.classPath()));
    }
    if (outcome instanceof JobOutcome.Failed failed) {
      // A job that fails because its context ends would tell of broken pipes and the like.
      return wish.filter(how -> how.ending() == Event.Ending.FAILED)
          .orElseGet(() -> new Event.JobEnded(jobId, Event.Ending.FAILED, failed.failure()));
    }
    return wish.orElseGet(() -> new Event.JobEnded(jobId, Event.Ending.KILLED, NONE));
  }

  private void tell(Event.JobEnded how, Content result) {
    synchronized (this) {
      if (over) {
        return;
      }
      over = true;
    }
    ended.accept(timed(how), result);
  }

  private Event.JobEnded timed(Event.JobEnded how) {
    if (foundValid.isEmpty()) {
      return how;
    }
    long valid = foundValid.getAsLong();
    return how.after(
        Duration.ofNanos(valid - accepted), Duration.ofNanos(clock.getAsLong() - valid));
  }
}
