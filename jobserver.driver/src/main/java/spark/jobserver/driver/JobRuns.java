package spark.jobserver.driver;

import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.Set;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.ConcurrentMap;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicInteger;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;
import spark.jobserver.api.Binary;
import spark.jobserver.api.Content;
import spark.jobserver.api.Failure;
import spark.jobserver.api.context.JobRequest;
import spark.jobserver.api.context.RunningContext;
import spark.jobserver.link.Command;
import spark.jobserver.link.Event;
import spark.jobserver.link.driver.AcceptedJobs;
import spark.jobserver.link.driver.DriverEnd;

/**
 * The jobs of this driver. Commands come from the link's one thread and return as soon as a job is
 * accepted; the rest happens on threads of its own, so that a slow fetch holds up no other command.
 */
final class JobRuns {
  private static final Logger LOG = LoggerFactory.getLogger(JobRuns.class);

  private final AcceptedJobs accepted;
  private final DriverEnd link;
  private final BinaryFiles binaries;
  private final Path logs;
  private final ConcurrentMap<String, JobRun> runs = new ConcurrentHashMap<>();
  private final Set<String> refused = ConcurrentHashMap.newKeySet();
  private final ExecutorService threads;
  private volatile Optional<Home> home = Optional.empty();
  private volatile String closed = "The context is not ready for jobs yet";

  /** Where jobs run. */
  private record Home(RunningContext context, ClassLoader classes) {}

  /**
   * @param folder the context's folder
   */
  JobRuns(Path folder, AcceptedJobs accepted, DriverEnd link) throws IOException {
    this.accepted = accepted;
    this.link = link;
    this.binaries = new BinaryFiles(folder.resolve("binaries"), link::fetchBinary);
    this.logs = Files.createDirectories(folder.resolve("log").resolve("jobs"));
    AtomicInteger count = new AtomicInteger();
    this.threads =
        Executors.newCachedThreadPool(
            work -> {
              Thread thread = new Thread(work, "jobs-" + count.incrementAndGet());
              thread.setDaemon(true);
              return thread;
            });
  }

  /** Jobs can run from now on. */
  void open(RunningContext context, ClassLoader classes) {
    home = Optional.of(new Home(context, classes));
  }

  /** Whether jobs run. */
  boolean isEmpty() {
    return runs.isEmpty();
  }

  /** Runs a job, unless it was accepted before. */
  void run(Command.RunJob command) {
    Optional<JobRun> run = accept(command.jobId());
    Optional<Home> where = home;
    if (run.isEmpty()) {
      return;
    }
    if (where.isEmpty()) {
      run.get().fail(Failure.of(closed));
      return;
    }
    threads.execute(() -> begin(command, run.get(), where.get()));
    // After that, so that no job waits for the disk.
    if (!command.request().isEmpty()) {
      LOG.info("job {}: accepted, of request {}", command.jobId(), command.request());
    }
  }

  /** Ends a job; one that was never heard of will not run, should it come. */
  void kill(String jobId) {
    JobRun run = runs.get(jobId);
    if (run != null) {
      run.kill();
    } else {
      accept(jobId).ifPresent(JobRun::kill);
    }
  }

  private Optional<JobRun> accept(String jobId) {
    JobRun run =
        new JobRun(
            jobId,
            () -> link.tell(new Event.JobStarted(jobId)),
            progress -> link.tell(new Event.JobProgress(jobId, progress)),
            (ended, result) -> ended(ended, result));
    try {
      if (refused.contains(jobId) || !accepted.accept(jobId)) {
        return Optional.empty();
      }
      runs.put(jobId, run);
      return Optional.of(run);
    } catch (IOException e) {
      LOG.error("job {}: refused, for it cannot be noted that it runs", jobId, e);
      refused.add(jobId);
      run.fail(Failure.of(e));
      return Optional.empty();
    }
  }

  private void begin(Command.RunJob command, JobRun run, Home where) {
    JobRequest request;
    try {
      Binary binary = command.binary().binary();
      List<JobRequest.Dependency> dependencies = new ArrayList<>();
      for (Command.BinaryFile file : command.dependencies()) {
        Binary dependency = file.binary();
        dependencies.add(new JobRequest.Dependency(dependency, binaries.file(dependency)));
      }
      request =
          new JobRequest(
              command.jobId(),
              command.classPath(),
              binary,
              binaries.file(binary),
              dependencies,
              command.config(),
              command.request(),
              logs.resolve(command.jobId() + ".log"));
    } catch (IOException | RuntimeException e) {
      LOG.warn("job {}: its binaries cannot be had: {}", command.jobId(), e.toString());
      run.fail(
          new Failure(
              "The job's binary cannot be had: " + e.getMessage(), e.getClass().getName(), ""));
      return;
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
      return;
    }
    Thread.currentThread().setContextClassLoader(where.classes());
    run.begin(listener -> where.context().run(request, listener));
  }

  private void ended(Event.JobEnded ended, Content result) {
    try {
      link.tell(ended, result);
    } catch (UncheckedIOException e) {
      LOG.error("job {}: its result cannot be kept", ended.jobId(), e);
      Failure why =
          new Failure(
              "The job's result cannot be kept: " + e.getCause().getMessage(),
              e.getCause().getClass().getName(),
              "");
      link.tell(
          new Event.JobEnded(ended.jobId(), Event.Ending.FAILED, why), Content.of(new byte[0]));
    }
    runs.remove(ended.jobId());
    synchronized (this) {
      notifyAll();
    }
  }

  /**
   * Ends all jobs, takes no more, and waits a while for the jobs to end.
   *
   * @param why what is told of jobs that had to be ended
   */
  void close(Failure why, Duration patience) throws InterruptedException {
    closed = why.message();
    home = Optional.empty();
    List.copyOf(runs.values()).forEach(run -> run.abort(why));
    long end = System.nanoTime() + patience.toNanos();
    synchronized (this) {
      for (long left = patience.toMillis(); !runs.isEmpty() && left > 0; ) {
        wait(left);
        left = TimeUnit.NANOSECONDS.toMillis(end - System.nanoTime());
      }
    }
  }

  /** The context is closed and its processes are gone: what has not been told is told. */
  void conclude() {
    List.copyOf(runs.values()).forEach(JobRun::conclude);
    threads.shutdownNow();
  }
}
