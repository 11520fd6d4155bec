package spark.jobserver.python.worker;

import java.time.Duration;
import java.util.Optional;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.TimeoutException;

/**
 * A Python process that attaches to the driver's JVM, waits for a job and runs it; then it ends, or
 * waits for another with the same binary.
 */
final class Worker {
  private final int id;
  private final String tag;
  private final WorkerGateway gateway;
  private final CompletableFuture<String> exit = new CompletableFuture<>();
  private volatile long pid;
  private volatile Connection connection;
  private volatile String temporaryFolder = "";
  private volatile String binary = "";
  private volatile int jobs;

  /**
   * @param tag what marks its Spark jobs
   * @param gateway the py4j server that is there for it
   */
  Worker(int id, String tag, WorkerGateway gateway) {
    this.id = id;
    this.tag = tag;
    this.gateway = gateway;
  }

  int id() {
    return id;
  }

  String tag() {
    return tag;
  }

  WorkerGateway gateway() {
    return gateway;
  }

  /** Its process id, 0 before it is known. */
  long pid() {
    return pid;
  }

  void forked(long processId) {
    pid = processId;
  }

  /** It has attached, and listens here for its job. */
  void attached(Connection channel, String pysparkFolder) {
    connection = channel;
    temporaryFolder = pysparkFolder;
  }

  /** Where its job is told; only once it has attached. */
  Connection connection() {
    return connection;
  }

  /** PySpark's temporary folder, or empty. */
  String temporaryFolder() {
    return temporaryFolder;
  }

  /** It is about to be told a job, whose binary this is; called by one thread at a time. */
  @SuppressWarnings("NonAtomicVolatileUpdate")
  void beginsJob(String digest) {
    binary = digest;
    jobs++;
  }

  /** The binary that it has imported from; empty as long as it has had no job. */
  String binary() {
    return binary;
  }

  /** How many jobs it has been told. */
  int jobs() {
    return jobs;
  }

  /** Its process is dead, in the zygote's words. */
  void ended(String status) {
    exit.complete(status);
  }

  boolean isAlive() {
    return !exit.isDone();
  }

  /** How its process has ended, once that is known; empty when it is not within this time. */
  Optional<String> exit(Duration patience) throws InterruptedException {
    try {
      return Optional.of(exit.get(patience.toMillis(), TimeUnit.MILLISECONDS));
    } catch (TimeoutException e) {
      return Optional.empty();
    } catch (ExecutionException e) {
      throw new IllegalStateException(e); // is never completed so
    }
  }

  /** Has this done when its process is dead. */
  void onExit(Runnable work) {
    exit.thenRun(work);
  }
}
