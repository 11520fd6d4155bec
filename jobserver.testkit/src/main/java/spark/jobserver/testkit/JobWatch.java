package spark.jobserver.testkit;

import java.util.concurrent.CompletableFuture;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.TimeoutException;
import spark.jobserver.api.Progress;
import spark.jobserver.api.context.JobListener;
import spark.jobserver.api.context.JobOutcome;
import spark.jobserver.api.context.RunningJob;

/** What becomes of a job, to be waited for. */
final class JobWatch implements JobListener {
  private static final long PATIENCE = 60;

  private final CompletableFuture<RunningJob> begun = new CompletableFuture<>();
  private final CompletableFuture<Void> validated = new CompletableFuture<>();
  private final CompletableFuture<JobOutcome> outcome = new CompletableFuture<>();

  @Override
  public void begun(RunningJob job) {
    begun.complete(job);
  }

  @Override
  public void validated() {
    validated.complete(null);
  }

  @Override
  public void progressed(Progress progress) {}

  @Override
  public void ended(JobOutcome how) {
    outcome.complete(how);
    validated.completeExceptionally(
        new AssertionError("The job has ended before it was found valid: " + how));
  }

  /** The job could not be begun. */
  void refused(Throwable why) {
    begun.completeExceptionally(why);
    outcome.completeExceptionally(why);
    validated.completeExceptionally(why);
  }

  /** Waits until the job itself runs. */
  JobWatch valid() throws Exception {
    get(validated, "found its input valid");
    return this;
  }

  /** Kills it once it was begun. */
  JobWatch kill() throws Exception {
    get(begun, "begun").kill();
    return this;
  }

  /** Waits for the end. */
  JobOutcome outcome() throws Exception {
    return get(outcome, "ended");
  }

  private static <T> T get(CompletableFuture<T> future, String what) throws Exception {
    try {
      return future.get(PATIENCE, TimeUnit.SECONDS);
    } catch (ExecutionException e) {
      if (e.getCause() instanceof Exception cause) {
        throw cause;
      }
      throw new AssertionError(e.getCause());
    } catch (TimeoutException e) {
      throw new AssertionError("The job has not %s within %d s".formatted(what, PATIENCE), e);
    }
  }
}
