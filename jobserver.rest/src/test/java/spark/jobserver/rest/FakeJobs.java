package spark.jobserver.rest;

import java.nio.file.Path;
import java.time.Instant;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CompletionStage;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.CopyOnWriteArrayList;
import java.util.concurrent.atomic.AtomicInteger;
import spark.jobserver.api.Binary;
import spark.jobserver.api.BinaryType;
import spark.jobserver.api.Content;
import spark.jobserver.api.Failure;
import spark.jobserver.api.Job;
import spark.jobserver.api.JobFilter;
import spark.jobserver.api.JobState;
import spark.jobserver.api.Progress;
import spark.jobserver.api.server.Caller;
import spark.jobserver.api.server.Jobs;

/** Jobs that start and end when a test says so. */
public class FakeJobs implements Jobs {
  public static final Instant START = Instant.parse("2013-05-29T00:00:00Z");
  public static final Failure FAILURE = new Failure("no", "builtins.ValueError", "line 1\nline 2");

  public final Map<String, Job> known = new ConcurrentHashMap<>();
  public final Map<String, Content> results = new ConcurrentHashMap<>();
  public volatile List<Job> listed = List.of();
  public final Map<String, CompletableFuture<Job>> ends = new ConcurrentHashMap<>();
  public final Map<String, String> configs = new ConcurrentHashMap<>();
  public final Map<String, Progress> progress = new ConcurrentHashMap<>();
  public final Map<String, Path> logs = new ConcurrentHashMap<>();
  public volatile int limit = -1;

  /** Those whose view was asked for. */
  public final List<Caller> callers = new CopyOnWriteArrayList<>();

  public volatile JobFilter filter = JobFilter.ALL;

  /** How often {@link #end} was called. */
  public final AtomicInteger endsAsked = new AtomicInteger();

  public final CompletableFuture<Void> started = new CompletableFuture<>();
  public final CompletableFuture<Ended> ended = new CompletableFuture<>();

  /** What {@link #submit} returns. */
  public volatile CompletionStage<Submission> submitted =
      CompletableFuture.completedFuture(new Submission(started("j-1"), started, ended));

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
        Optional.empty(),
        "");
  }

  /** A job that took five minutes. */
  public static Job ended(String id, JobState end) {
    return started(id)
        .ended(
            end,
            START.plusSeconds(300),
            end == JobState.FINISHED ? Optional.empty() : Optional.of(FAILURE));
  }

  public final FakeJobs with(Job job) {
    known.put(job.id(), job);
    return this;
  }

  /** Ends a job that {@link #end} is asked for. */
  public void end(String id, JobState state) {
    Job job = ended(id, state);
    known.put(id, job);
    ends.get(id).complete(job);
  }

  @Override
  public Jobs of(Caller caller) {
    callers.add(caller);
    return this;
  }

  @Override
  public CompletionStage<Submission> submit(JobSubmission wanted) {
    failure.ifPresent(
        error -> {
          throw error;
        });
    submission.complete(wanted);
    return submitted;
  }

  @Override
  public Optional<Job> find(String id) {
    return Optional.ofNullable(known.get(id));
  }

  @Override
  public Optional<CompletionStage<Job>> end(String id) {
    endsAsked.incrementAndGet();
    return Optional.ofNullable(known.get(id))
        .filter(job -> !job.state().isFinal())
        .map(job -> ends.computeIfAbsent(id, key -> new CompletableFuture<>()));
  }

  @Override
  public List<Job> list(JobFilter wanted, int most) {
    limit = most;
    filter = wanted;
    listing.join();
    return listed.stream().limit(most).toList();
  }

  @Override
  public Optional<String> config(String id) {
    return Optional.ofNullable(configs.get(id));
  }

  @Override
  public Optional<Progress> progress(String id) {
    return Optional.ofNullable(progress.get(id));
  }

  @Override
  public Optional<Path> log(String id) {
    return Optional.ofNullable(logs.get(id));
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
