package spark.jobserver.rest;

import java.time.Instant;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CompletionStage;
import java.util.concurrent.ConcurrentHashMap;
import spark.jobserver.api.Binary;
import spark.jobserver.api.BinaryType;
import spark.jobserver.api.Content;
import spark.jobserver.api.Failure;
import spark.jobserver.api.Job;
import spark.jobserver.api.JobState;
import spark.jobserver.api.server.Jobs;

/** Jobs that start and end when a test says so. */
public final class FakeJobs implements Jobs {
  public static final Instant START = Instant.parse("2013-05-29T00:00:00Z");
  public static final Failure FAILURE = new Failure("no", "builtins.ValueError", "line 1\nline 2");

  public final Map<String, Job> known = new ConcurrentHashMap<>();
  public final Map<String, Content> results = new ConcurrentHashMap<>();
  public volatile List<Job> listed = List.of();
  public volatile int limit = -1;
  public volatile Optional<JobState> state = Optional.empty();

  public final CompletableFuture<Void> started = new CompletableFuture<>();
  public final CompletableFuture<Ended> ended = new CompletableFuture<>();
  public volatile CompletionStage<Job> killed = new CompletableFuture<>();

  /** Completes when {@link #submit} was called. */
  public final CompletableFuture<JobSubmission> submission = new CompletableFuture<>();

  /** What {@link #submit} throws, where there is something. */
  public volatile Optional<RuntimeException> failure = Optional.empty();

  /** What {@link #list} waits for. */
  public volatile CompletableFuture<Void> listing = CompletableFuture.completedFuture(null);

  public static Job started(String id) {
    return new Job(
        id,
        "c-1",
        "ctx",
        1,
        new Binary("app", BinaryType.EGG, START, FakeBinaries.DIGEST, 5),
        "m.Job",
        START,
        Optional.empty(),
        JobState.STARTED,
        Optional.empty());
  }

  /** A job that took five minutes. */
  public static Job ended(String id, JobState end) {
    return started(id)
        .ended(
            end,
            START.plusSeconds(300),
            end == JobState.FINISHED ? Optional.empty() : Optional.of(FAILURE));
  }

  public FakeJobs with(Job job) {
    known.put(job.id(), job);
    return this;
  }

  @Override
  public Submission submit(JobSubmission wanted) {
    failure.ifPresent(
        error -> {
          throw error;
        });
    submission.complete(wanted);
    return new Submission(started("j-1"), started, ended);
  }

  @Override
  public Optional<Job> find(String id) {
    return Optional.ofNullable(known.get(id));
  }

  @Override
  public List<Job> list(int most, Optional<JobState> wanted) {
    limit = most;
    state = wanted;
    listing.join();
    return listed;
  }

  @Override
  public Optional<Content> result(String id) {
    return Optional.ofNullable(results.get(id));
  }

  @Override
  public CompletionStage<Job> kill(String id) {
    return killed;
  }
}
