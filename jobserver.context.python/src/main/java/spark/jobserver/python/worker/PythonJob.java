package spark.jobserver.python.worker;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.node.ArrayNode;
import com.fasterxml.jackson.databind.node.ObjectNode;
import java.io.IOException;
import java.time.Duration;
import java.util.Optional;
import java.util.concurrent.CancellationException;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.ExecutionException;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;
import spark.jobserver.api.Failure;
import spark.jobserver.api.context.JobListener;
import spark.jobserver.api.context.JobOutcome;
import spark.jobserver.api.context.JobRequest;
import spark.jobserver.api.context.RunningJob;

/**
 * One job from the wish for a worker to its end, on a thread that is its own until then. What the
 * worker says decides how the job ended; only when it says nothing any more does it count whether
 * the job was killed.
 */
final class PythonJob implements RunningJob, Runnable {
  /** So many jobs at most run in one process: what they leave in it is bounded. */
  private static final int MOST_JOBS = 1_000;

  private static final Duration EXIT_PATIENCE = Duration.ofSeconds(3);
  private static final Logger logger = LoggerFactory.getLogger(PythonJob.class);

  private final JobRequest request;
  private final JobListener listener;
  private final JobNeeds needs;
  private final Workers workers;

  // What has become of the job while it runs, guarded by this.
  private CompletableFuture<Worker> wanted;
  private Worker worker;
  private boolean stays;
  private Optional<JobOutcome> interruption = Optional.empty();

  PythonJob(JobRequest request, JobListener listener, JobNeeds needs) {
    this.request = request;
    this.listener = listener;
    this.needs = needs;
    this.workers = needs.workers();
  }

  @Override
  public void kill() {
    interrupt(new JobOutcome.Killed());
  }

  /** Ends the job because its context ends. */
  void terminate(Failure why) {
    interrupt(new JobOutcome.Failed(why));
  }

  private synchronized void interrupt(JobOutcome outcome) {
    if (interruption.isEmpty()) {
      interruption = Optional.of(outcome);
    }
    if (worker != null) {
      workers.kill(worker);
    } else if (wanted != null) {
      wanted.cancel(false);
    }
  }

  @Override
  public void run() {
    JobOutcome outcome;
    long mark = needs.lastWords().mark();
    try {
      Shipment shipment = needs.shipments().ship(request);
      outcome = watched(take(shipment), shipment);
    } catch (CancellationException e) {
      outcome = interruption().orElseThrow();
    } catch (WorkersUnavailable e) {
      outcome = new JobOutcome.Failed(e.failure());
    } catch (InterruptedException | IOException | RuntimeException e) {
      logger.error("Job {} could not be run", request.id(), e);
      outcome = new JobOutcome.Failed(Failure.of(e));
    }
    if (isToStay()) {
      release(); // its end may take a while to be stored, and another job may want the worker
    }
    try {
      listener.ended(explained(outcome, mark));
    } finally {
      release();
    }
  }

  private JobOutcome explained(JobOutcome outcome, long mark) {
    if (outcome instanceof JobOutcome.Failed failed) {
      try {
        return new JobOutcome.Failed(
            needs.lastWords().added(failed.failure(), mark, request.log()));
      } catch (RuntimeException e) {
        logger.warn("Job {}: the last words of what it failed with are lost", request.id(), e);
      }
    }
    return outcome;
  }

  private Worker take(Shipment shipment) throws WorkersUnavailable, InterruptedException {
    CompletableFuture<Worker> next;
    synchronized (this) {
      if (interruption.isPresent()) {
        throw new CancellationException();
      }
      next = workers.take(shipment.key());
      wanted = next;
    }
    try {
      Worker taken = next.get();
      synchronized (this) {
        if (interruption.isPresent()) {
          workers.giveBack(taken);
          throw new CancellationException();
        }
        worker = taken;
      }
      return taken;
    } catch (ExecutionException e) {
      if (e.getCause() instanceof WorkersUnavailable unavailable) {
        throw unavailable;
      }
      throw new IllegalStateException(e.getCause());
    }
  }

  private JobOutcome watched(Worker taken, Shipment shipment) throws InterruptedException {
    ProgressWatch watch = needs.progress().watch(taken.tag(), listener::progressed);
    try {
      return converse(taken, shipment);
    } finally {
      watch.close();
    }
  }

  private JobOutcome converse(Worker taken, Shipment shipment) throws InterruptedException {
    Connection connection = taken.connection();
    taken.beginsJob(shipment.key());
    workers.keepSmall(request.log(), taken);
    try {
      connection.write(message(shipment, taken));
      while (true) {
        JsonNode said = connection.read();
        if (said.path("op").asText().equals("validated")) {
          listener.validated();
          continue;
        }
        JobOutcome outcome =
            said.path("outcome").asText().equals("finished")
                ? new JobOutcome.Finished(needs.results().read(connection))
                : Answers.outcome(said);
        stays = said.path("stays").asBoolean();
        return outcome;
      }
    } catch (Connection.SinkException e) {
      logger.error("The result of job {} cannot be kept", request.id(), e);
      return new JobOutcome.Failed(
          Failure.of("The job's result cannot be kept: " + e.getCause().getMessage()));
    } catch (IOException e) {
      logger.debug("The worker of job {} says nothing more", request.id(), e);
      return died(taken);
    }
  }

  private JobOutcome died(Worker taken) throws InterruptedException {
    Optional<String> status = taken.exit(EXIT_PATIENCE);
    release();
    return interruption()
        .orElseGet(
            () ->
                new JobOutcome.Failed(
                    Failure.of(
                        "The job's Python process ended unexpectedly: "
                            + status.orElse("it has closed its connection"))));
  }

  private synchronized boolean isToStay() {
    return stays;
  }

  private synchronized Optional<JobOutcome> interruption() {
    return interruption;
  }

  /**
   * Ends all that the worker has started, and the worker too unless it stays; from now on a kill
   * comes too late.
   */
  private void release() {
    Worker used;
    boolean again;
    synchronized (this) {
      used = worker;
      worker = null;
      wanted = null;
      again = stays && interruption.isEmpty(); // else it is being killed
    }
    if (used == null) {
      return;
    }
    if (again) {
      workers.takeBack(used);
    } else {
      workers.release(used);
    }
  }

  private ObjectNode message(Shipment shipment, Worker taken) {
    ObjectNode message = needs.words().deepCopy();
    message
        .put("op", "job")
        .put("jobId", request.id())
        .put("classPath", request.classPath())
        .put("archive", request.archive().toAbsolutePath().toString())
        .put("type", request.binary().type().label())
        .put("digest", request.binary().digest())
        .put("config", request.config())
        .put("request", request.request())
        .put("log", request.log().toAbsolutePath().toString())
        .put("tag", taken.tag())
        .put("mayStay", needs.reuse() && taken.jobs() < MOST_JOBS);
    shipment.includes().forEach(message.putArray("includes")::add);
    shipment.dependencies().ifPresent(some -> put(message.putObject("dependencies"), some));
    return message;
  }

  private static void put(ObjectNode message, Shipment.Dependencies dependencies) {
    message.put("digest", dependencies.digest());
    ArrayNode archives = message.putArray("archives");
    for (JobRequest.Dependency one : dependencies.binaries()) {
      archives
          .addObject()
          .put("archive", one.archive().toAbsolutePath().toString())
          .put("type", one.binary().type().label());
    }
  }
}
