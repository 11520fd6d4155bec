package spark.jobserver.api.context;

import org.osgi.annotation.versioning.ConsumerType;

/** A job that was begun and may have ended meanwhile. */
@ConsumerType
public interface RunningJob {
  /**
   * Ends the job whatever it is doing. The listener is told {@link JobOutcome.Killed} when its
   * process is dead and its Spark jobs are cancelled; a job that had already ended keeps its
   * outcome. Returns at once; may be called again.
   */
  void kill();
}
