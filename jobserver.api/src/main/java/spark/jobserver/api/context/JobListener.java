package spark.jobserver.api.context;

import org.osgi.annotation.versioning.ProviderType;

/** Is told what becomes of a job. */
@ProviderType
public interface JobListener {
  /**
   * The job's input was found valid, and the job itself runs. Called at most once, before the end.
   */
  void validated();

  /** The job has ended. Called exactly once, last. */
  void ended(JobOutcome outcome);
}
