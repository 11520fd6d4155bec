package spark.jobserver.python.integration;

import static java.nio.charset.StandardCharsets.UTF_8;
import static org.assertj.core.api.Assertions.assertThat;

import java.io.IOException;
import java.io.InputStream;
import java.nio.file.Path;
import java.util.concurrent.BlockingQueue;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.LinkedBlockingQueue;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.TimeoutException;
import spark.jobserver.api.Failure;
import spark.jobserver.api.Progress;
import spark.jobserver.api.context.JobListener;
import spark.jobserver.api.context.JobOutcome;
import spark.jobserver.api.context.RunningJob;

/** A job that was begun, as its listener and its caller see it. */
final class Run implements JobListener {
  private final CompletableFuture<Void> validated = new CompletableFuture<>();
  private final CompletableFuture<JobOutcome> outcome = new CompletableFuture<>();
  final CompletableFuture<Progress> late = new CompletableFuture<>();
  final BlockingQueue<Progress> progress = new LinkedBlockingQueue<>();
  private final Runnable whenValid;
  final CompletableFuture<RunningJob> begun = new CompletableFuture<>();
  Path log;

  /**
   * @param whenValid is done on the job's thread before it hears what the worker says next
   */
  Run(Runnable whenValid) {
    this.whenValid = whenValid;
  }

  @Override
  public void begun(RunningJob job) {
    begun.complete(job);
  }

  void kill() {
    begun.join().kill();
  }

  @Override
  public void validated() {
    whenValid.run();
    validated.complete(null);
  }

  @Override
  public void progressed(Progress now) {
    if (outcome.isDone()) {
      late.complete(now);
    }
    progress.add(now);
  }

  @Override
  public void ended(JobOutcome how) {
    if (!outcome.complete(how)) {
      throw new AssertionError("ended twice: " + how);
    }
  }

  /** Waits until the job's validate has returned. */
  Run valid() throws InterruptedException, ExecutionException, TimeoutException {
    validated.get(30, TimeUnit.SECONDS);
    return this;
  }

  boolean wasValidated() {
    return validated.isDone();
  }

  JobOutcome outcome() throws InterruptedException, ExecutionException, TimeoutException {
    return outcome.get(30, TimeUnit.SECONDS);
  }

  String result() throws Exception {
    assertThat(outcome()).isInstanceOf(JobOutcome.Finished.class);
    return text(((JobOutcome.Finished) outcome()).result());
  }

  Failure failure() throws Exception {
    assertThat(outcome()).isInstanceOf(JobOutcome.Failed.class);
    return ((JobOutcome.Failed) outcome()).failure();
  }

  private static String text(spark.jobserver.api.Content content) throws IOException {
    try (InputStream in = content.open()) {
      return new String(in.readAllBytes(), UTF_8);
    }
  }
}
