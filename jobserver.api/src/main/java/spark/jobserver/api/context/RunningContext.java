package spark.jobserver.api.context;

import java.util.List;
import java.util.Optional;
import java.util.concurrent.CompletionStage;
import org.osgi.annotation.versioning.ConsumerType;
import spark.jobserver.api.NamedObject;

/** A live context. Its methods may be called from any thread. */
@ConsumerType
public interface RunningContext extends AutoCloseable {
  /** The id that Spark's cluster manager gave the application. */
  String applicationId();

  /** The address of Spark's user interface, where there is one. */
  Optional<String> url();

  /**
   * Runs a job, on the calling thread, which is the job's own, or on others. Either returns how the
   * job is killed as soon as it is handed over, or tells {@link JobListener#begun} that and returns
   * when the job has ended. What becomes of it is told to the listener, from any thread, and there
   * always {@link JobListener#ended} once.
   *
   * @throws Exception when the job cannot be begun; the listener is not called then
   */
  RunningJob run(JobRequest request, JobListener listener) throws Exception;

  /**
   * What the jobs share by name at this moment, in any order; a context whose jobs share nothing
   * need not say so. Should take no more than moments, and start nothing in Spark: callers wait for
   * ten seconds. An exception is logged, and the caller is told that there is no answer.
   */
  default List<NamedObject> namedObjects() {
    return List.of();
  }

  /**
   * The processes that it has for its jobs at this moment, for who watches over the server; a
   * context without such need not say so. Is asked every few seconds and should answer from memory.
   */
  default WorkerCount workers() {
    return WorkerCount.NONE;
  }

  /**
   * Completes when the context can no longer run jobs though nobody closed it, for example because
   * its SparkContext was stopped by the cluster manager; the text says why. Never completes
   * otherwise.
   */
  CompletionStage<String> broken();

  /** Ends the context, its SparkContext and all processes it has started. */
  @Override
  void close();
}
