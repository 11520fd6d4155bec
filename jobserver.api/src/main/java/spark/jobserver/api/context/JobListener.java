package spark.jobserver.api.context;

import org.osgi.annotation.versioning.ProviderType;
import spark.jobserver.api.Progress;

/** Is told what becomes of a job. */
@ProviderType
public interface JobListener {
  /**
   * The job has been begun and can be killed so. For a context that runs it on the calling thread,
   * and then the first thing that it tells.
   */
  void begun(RunningJob job);

  /**
   * The job's input was found valid, and the job itself runs. Called at most once, before the end.
   */
  void validated();

  /**
   * The job has come so far. Called, from any thread, as often as is worth telling (twice a second
   * is enough) and never after the end; each time replaces the one before. A context that does not
   * know how far its jobs are need not call it.
   */
  void progressed(Progress progress);

  /** The job has ended. Called exactly once, last. */
  void ended(JobOutcome outcome);
}
