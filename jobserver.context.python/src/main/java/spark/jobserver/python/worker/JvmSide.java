package spark.jobserver.python.worker;

import java.util.List;
import java.util.Optional;
import org.apache.spark.SparkContext;

/**
 * What workers attach to.
 *
 * @param kind what the factory has made
 * @param queries the streaming queries of the session; none for a custom context
 * @param imports Java classes and packages that jobs need not qualify
 */
record JvmSide(
    ContextKind kind,
    EntryPoint entryPoint,
    SparkContext spark,
    SparkJobs jobs,
    Optional<StreamingQueries> queries,
    List<String> imports) {
  JvmSide {
    imports = List.copyOf(imports);
  }

  /** How a worker attaches: to a session, as what it is told of it, or only to the JVM. */
  String mode() {
    return kind.word();
  }

  /** Prepares for a worker that is about to be forked. */
  Worker newWorker(int id, ContextThreads threads) throws InterruptedException {
    String tag = jobs.begin(id);
    return new Worker(id, tag, WorkerGateway.open(entryPoint, spark, tag, imports, threads));
  }

  /** Ends all that a job has started in Spark whose worker stays. */
  void settle(Worker worker) {
    jobs.cancel(worker.tag());
    queries.ifPresent(streams -> streams.end(worker.tag()));
  }

  /** Ends all that a worker has started in Spark. */
  void end(Worker worker) {
    jobs.end(worker.tag());
    queries.ifPresent(streams -> streams.end(worker.tag()));
    worker.gateway().close();
  }
}
