package spark.jobserver.core.job;

import java.nio.file.Path;
import java.util.List;
import java.util.Optional;
import java.util.concurrent.CompletionStage;
import spark.jobserver.api.Content;
import spark.jobserver.api.Job;
import spark.jobserver.api.JobFilter;
import spark.jobserver.api.Progress;
import spark.jobserver.api.server.Caller;
import spark.jobserver.api.server.Jobs;

/**
 * The jobs as a caller sees them. A job never changes its owner, so what was found to be the
 * caller's stays so while it is asked for.
 *
 * @param all the jobs
 * @param caller who sees them
 */
record CallersJobs(DispatchedJobs all, Caller caller) implements Jobs {
  @Override
  public Jobs of(Caller other) {
    return all.of(other);
  }

  @Override
  public CompletionStage<Submission> submit(JobSubmission submission) {
    return all.submit(submission, caller);
  }

  @Override
  public Optional<Job> find(String id) {
    return all.find(id).filter(job -> caller.sees(job.owner()));
  }

  @Override
  public Optional<CompletionStage<Job>> end(String id) {
    return sees(id) ? all.end(id) : Optional.empty();
  }

  @Override
  public List<Job> list(JobFilter filter, int limit) {
    return all.list(caller.onlyOwn() ? filter.of(caller.name()) : filter, limit);
  }

  @Override
  public Optional<String> config(String id) {
    return sees(id) ? all.config(id) : Optional.empty();
  }

  @Override
  public Optional<Content> result(String id) {
    return sees(id) ? all.result(id) : Optional.empty();
  }

  @Override
  public Optional<Progress> progress(String id) {
    return sees(id) ? all.progress(id) : Optional.empty();
  }

  @Override
  public Optional<Path> log(String id) {
    return sees(id) ? all.log(id) : Optional.empty();
  }

  @Override
  public CompletionStage<Job> kill(String id) {
    if (!sees(id)) {
      throw DispatchedJobs.noJob(id);
    }
    return all.kill(id);
  }

  /** Who sees all is not asked about one. */
  private boolean sees(String id) {
    return !caller.onlyOwn() || find(id).isPresent();
  }
}
