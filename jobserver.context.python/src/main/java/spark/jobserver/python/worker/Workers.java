package spark.jobserver.python.worker;

import com.fasterxml.jackson.databind.JsonNode;
import java.io.IOException;
import java.nio.file.Path;
import java.time.Duration;
import java.util.HashMap;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.RejectedExecutionException;
import java.util.concurrent.ScheduledThreadPoolExecutor;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.TimeoutException;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;
import spark.jobserver.api.Failure;
import spark.jobserver.api.context.WorkerCount;

/**
 * The Python processes of a context: a zygote, which is started anew when it has died, and workers,
 * each for one job or, where they are reused, one after another. What is to be done is for the
 * {@link Roster} to decide. One thread, the loop's, does what takes time; a job gets a worker that
 * waits, and gives one back, on its own thread.
 */
final class Workers implements AutoCloseable {
  private static final Duration START_PATIENCE = Duration.ofSeconds(60);
  private static final Duration EXIT_PATIENCE = Duration.ofSeconds(3);
  private static final Duration LOG_PATIENCE = Duration.ofMillis(250);
  private static final Logger logger = LoggerFactory.getLogger(Workers.class);

  private final Zygote.Command command;
  private final Interpreter interpreter;
  private final Reception reception;
  private final long longestLog;
  private final ContextThreads threads;
  private final ScheduledThreadPoolExecutor loop;
  private final TemporaryFolders temporaryFolders = new TemporaryFolders();
  private volatile JvmSide jvm;

  // All of this is guarded by this.
  private final Roster roster;
  private final Map<Long, CompletableFuture<Worker>> demands = new HashMap<>();

  /** All whose process is not known to be dead, by number. */
  private final Map<Integer, Worker> alive = new HashMap<>();

  /** Those of them that no job has. */
  private final Map<Integer, Worker> unused = new HashMap<>();

  /** Those of whose job's log the zygote was told. */
  private final Set<Integer> keptSmall = new HashSet<>();

  private long lastDemand;
  private Zygote zygote;
  private boolean zygoteReady;
  private boolean closing;

  /**
   * Starts the zygote, which needs no SparkContext yet.
   *
   * @param reception where the processes will call; closed with this
   * @param idle how many workers shall wait for a job at least
   * @param mostIdle how many at most, where jobs come fast
   * @param longestLog how many bytes are kept of what a job prints
   */
  Workers(
      Zygote.Command command,
      Reception reception,
      int idle,
      int mostIdle,
      long longestLog,
      ContextThreads threads) {
    this.command = command;
    this.interpreter = command.interpreter();
    this.reception = reception;
    this.longestLog = longestLog;
    this.threads = threads;
    this.roster = new Roster(idle, mostIdle);
    this.loop =
        new ScheduledThreadPoolExecutor(1, work -> threads.newThread("python-workers", work));
    loop.setRemoveOnCancelPolicy(true);
    reception.admit(
        (connection, hello) ->
            later(
                () -> {
                  if (closing) {
                    Quietly.close(connection);
                  } else if (hello.path("kind").asText().equals("zygote")) {
                    zygoteGreeted(connection, hello);
                  } else {
                    workerGreeted(connection, hello);
                  }
                }));
    later(this::startZygote);
  }

  /** From now on workers are forked, and attach to this. */
  void serve(JvmSide side) {
    jvm = side;
    later(
        () -> {
          if (zygoteReady) {
            decide(new Roster.Event.ZygoteUp());
          }
        });
  }

  /**
   * A worker that waits for its job: one that waits already, or the next. Completes with {@link
   * WorkersUnavailable} when none can be had. To be cancelled when none is wanted any more.
   *
   * @param binary the digest of the job's binary: the worker has imported from no other
   */
  CompletableFuture<Worker> take(String binary) {
    CompletableFuture<Worker> taken = new CompletableFuture<>();
    long demand = demand(taken, binary);
    if (!taken.isDone()) {
      taken.whenComplete((worker, error) -> later(() -> withdraw(demand)));
    }
    return taken;
  }

  private synchronized long demand(CompletableFuture<Worker> taken, String binary) {
    long demand = ++lastDemand;
    if (closing) {
      refuse(taken, closingFailure());
    } else {
      demands.put(demand, taken);
      decide(new Roster.Event.Wanted(demand, binary));
    }
    return demand;
  }

  /** How many wait for a job, and how many have one or are ending after it. */
  synchronized WorkerCount count() {
    return new WorkerCount(roster.waiting(), alive.size() - unused.size());
  }

  /** Takes back a worker that was told no job. */
  synchronized void giveBack(Worker worker) {
    if (alive.containsKey(worker.id()) && !closing) {
      unused.put(worker.id(), worker);
      decide(
          worker.binary().isEmpty()
              ? new Roster.Event.Waits(worker.id())
              : new Roster.Event.Stays(worker.id(), worker.binary()));
    } else {
      discard(worker);
    }
  }

  /** Takes back a worker that has told how its job ended, and waits for another. */
  void takeBack(Worker worker) {
    try {
      jvm.settle(worker);
    } catch (RuntimeException e) { // Spark may just have been stopped
      logger.warn("Worker {} is not used again", worker.id(), e);
      release(worker);
      return;
    }
    boolean kept;
    synchronized (this) {
      kept = keptSmall.remove(worker.id());
    }
    if (kept) {
      later(() -> tellZygote(() -> zygote.logOver(worker.pid())));
    }
    giveBack(worker);
  }

  /**
   * Keeps small what a worker prints that is about to be told its job. The zygote hears of it a
   * moment later, when the job has begun or is over: it holds up no job that way, and it does not
   * hear of a short one that has printed little, and whose worker stays.
   */
  void keepSmall(Path log, Worker worker) {
    int job = worker.jobs();
    after(
        LOG_PATIENCE,
        () -> {
          boolean over = worker.jobs() != job || unused.containsKey(worker.id());
          if (over && log.toFile().length() <= longestLog) {
            return;
          }
          tellZygote(() -> zygote.keepSmall(log, longestLog, worker.pid()));
          if (over) {
            tellZygote(() -> zygote.logOver(worker.pid()));
          } else {
            keptSmall.add(worker.id());
          }
        });
  }

  private void tellZygote(Order order) {
    if (zygoteReady) {
      order(order);
    }
  }

  /** Kills a worker's process with its children, unless it is dead already. */
  void kill(Worker worker) {
    later(
        () -> {
          if (alive.containsKey(worker.id()) && zygoteReady) {
            order(() -> zygote.kill(worker.pid()));
          }
          // A zygote that does not do as it is told may itself have been stopped.
          inCaseItLives(worker, () -> killGroup(worker));
        });
  }

  /** Ends all that a worker has started, once it has told how its job ended, or is dead. */
  void release(Worker worker) {
    discard(worker);
    later(() -> inCaseItLives(worker, () -> kill(worker)));
  }

  /**
   * Closes the connection to a worker that is dead, once what it has said can be read. A process
   * that its job has left behind may hold the other end open.
   */
  private void hangUp(Worker worker) {
    after(EXIT_PATIENCE, () -> Quietly.close(worker.connection()));
  }

  /** Ends all processes, and returns when they are dead. */
  @Override
  public void close() {
    CompletableFuture<Zygote> last = new CompletableFuture<>();
    later(
        () -> {
          closing = true;
          demands.values().forEach(taken -> refuse(taken, closingFailure()));
          last.complete(zygote);
          if (zygote != null) {
            zygote.terminate();
          }
        });
    await(last);
    Zygote zygoteThen = last.getNow(null);
    if (zygoteThen != null && !await(zygoteThen.exit())) {
      zygoteThen.kill();
      await(zygoteThen.exit());
    }
    CompletableFuture<Void> done = new CompletableFuture<>();
    later(
        () -> {
          if (zygote != null) {
            zygoteGone(zygote, closingFailure());
          }
          done.complete(null);
        });
    await(done);
    loop.shutdownNow();
    Quietly.close(reception);
    temporaryFolders.removeAll();
  }

  private static boolean await(CompletableFuture<?> event) {
    try {
      event.get(2 * EXIT_PATIENCE.toSeconds(), TimeUnit.SECONDS);
      return true;
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
      return false;
    } catch (ExecutionException | TimeoutException e) {
      return false;
    }
  }

  /** Has this done on the loop's thread, with the lock, unless all is closed by then. */
  private void later(Runnable work) {
    after(Duration.ZERO, work);
  }

  private void after(Duration delay, Runnable work) {
    apart(
        delay,
        () -> {
          synchronized (this) {
            work.run();
          }
        });
  }

  /** Has this done on the loop's thread, without the lock, for it takes time. */
  private void apart(Duration delay, Runnable work) {
    try {
      loop.schedule(
          () -> {
            try {
              work.run();
            } catch (RuntimeException e) {
              logger.error("The workers' thread failed", e);
            }
          },
          delay.toMillis(),
          TimeUnit.MILLISECONDS);
    } catch (RejectedExecutionException e) {
      logger.debug("The workers are closed", e);
    }
  }

  private void inCaseItLives(Worker worker, Runnable work) {
    after(
        EXIT_PATIENCE,
        () -> {
          if (alive.containsKey(worker.id())) {
            work.run();
          }
        });
  }

  private void decide(Roster.Event event) {
    for (Roster.Action action : roster.on(event)) {
      if (action instanceof Roster.Action.StartZygote) {
        later(this::startZygote);
      } else if (action instanceof Roster.Action.Fork fork) {
        apart(Duration.ZERO, () -> fork(fork.worker()));
      } else if (action instanceof Roster.Action.Give give) {
        Worker worker = unused.remove(give.worker());
        CompletableFuture<Worker> taken = demands.remove(give.job());
        if (taken == null || !taken.complete(worker)) {
          giveBack(worker);
        }
      } else if (action instanceof Roster.Action.Refuse refuse) {
        CompletableFuture<Worker> taken = demands.remove(refuse.job());
        if (taken != null) {
          refuse(taken, refuse.why());
        }
      } else if (action instanceof Roster.Action.Retire retire) {
        discard(unused.remove(retire.worker()));
      } else if (action instanceof Roster.Action.AwaitMoment moment) {
        after(moment.length(), () -> decide(new Roster.Event.MomentOver(moment.moment())));
      } else if (action instanceof Roster.Action.AwaitWhile) {
        after(Roster.WHILE, () -> decide(new Roster.Event.WhileOver()));
      }
    }
  }

  private static void refuse(CompletableFuture<Worker> taken, Failure why) {
    taken.completeExceptionally(new WorkersUnavailable(why));
  }

  private void withdraw(long demand) {
    if (demands.remove(demand) != null) {
      decide(new Roster.Event.Unwanted(demand));
    }
  }

  private void startZygote() {
    Zygote started;
    try {
      started = Zygote.start(command);
    } catch (IOException e) {
      later(() -> decide(new Roster.Event.ZygoteDown(Failure.of(interpreter.missing(e)))));
      return;
    }
    zygote = started;
    started.exit().thenAccept(code -> later(() -> zygoteEnded(started, code)));
    after(
        START_PATIENCE,
        () -> {
          if (zygote == started && !zygoteReady) {
            zygoteGone(started, Failure.of(interpreter.late(START_PATIENCE)));
          }
        });
  }

  private void zygoteGreeted(Connection connection, JsonNode hello) {
    if (zygote == null || zygoteReady || !zygote.hasToken(hello.path("token").asText())) {
      Quietly.close(connection);
      return;
    }
    Zygote greeted = zygote;
    greeted.connected(connection);
    String version = hello.path("python").asText();
    String pyspark = hello.path("pyspark").asText();
    interpreter
        .refusal(version)
        .or(() -> interpreter.refusal(pyspark, hello.path("pysparkFolder").asText()))
        .ifPresentOrElse(
            refusal -> zygoteGone(greeted, Failure.of(refusal)),
            () -> {
              logger.info(
                  "Zygote {} is ready: Python {}, PySpark {}",
                  hello.path("pid").asLong(),
                  version,
                  pyspark);
              zygoteReady = true;
              threads.newThread("python-zygote", () -> listen(greeted, connection)).start();
              if (jvm != null) {
                decide(new Roster.Event.ZygoteUp());
              }
            });
  }

  /** Passes on what a zygote says for as long as it lives. */
  private void listen(Zygote from, Connection connection) {
    try {
      while (true) {
        JsonNode notice = connection.read();
        later(
            () -> {
              if (from == zygote) {
                noticed(notice);
              }
            });
      }
    } catch (IOException e) {
      logger.debug("The zygote's connection has ended", e);
      later(
          () -> {
            if (!closing) {
              from.kill();
            }
          });
    }
  }

  private void noticed(JsonNode notice) {
    if (notice.has("forked")) {
      Worker worker = alive.get(notice.path("forked").asInt());
      if (worker != null) {
        worker.forked(notice.path("pid").asLong());
      }
    } else if (notice.has("exit")) {
      workerEnded(notice.path("id").asInt(), notice.path("status").asText());
    }
  }

  private void zygoteEnded(Zygote ended, int code) {
    if (ended != zygote) {
      return;
    }
    if (closing) {
      zygoteGone(ended, closingFailure());
    } else if (zygoteReady) {
      String words = "The process that starts Python workers has died: " + ExitStatus.ofCode(code);
      logger.warn("{}; it is started anew", words);
      zygoteGone(ended, Failure.of(words));
    } else {
      String lastWords = Interpreter.lastWords(command.log());
      zygoteGone(ended, Failure.of(interpreter.failure(interpreter.version(), code, lastWords)));
    }
  }

  /** The kernel kills workers whose zygote dies; what they have started is killed here. */
  private void zygoteGone(Zygote gone, Failure why) {
    gone.kill();
    zygote = null;
    zygoteReady = false;
    keptSmall.clear();
    for (Worker worker : List.copyOf(alive.values())) {
      killGroup(worker);
      alive.remove(worker.id());
      worker.ended("the zygote, from which it was forked, has ended");
      if (unused.remove(worker.id()) != null) {
        discard(worker);
      }
    }
    if (!closing) {
      decide(new Roster.Event.ZygoteDown(why));
    }
  }

  private void fork(int id) {
    Worker worker;
    try {
      worker = jvm.newWorker(id, threads);
    } catch (InterruptedException | RuntimeException e) {
      later(() -> decide(new Roster.Event.Gone(id, Failure.of(e))));
      return;
    }
    fork(id, worker);
  }

  private synchronized void fork(int id, Worker worker) {
    if (!zygoteReady || !roster.expects(id)) {
      jvm.end(worker); // the zygote has died meanwhile
      return;
    }
    alive.put(id, worker);
    unused.put(id, worker);
    order(() -> zygote.fork(id, worker.gateway(), jvm.mode()));
    after(
        START_PATIENCE,
        () -> {
          if (unused.containsKey(id) && worker.connection() == null) {
            kill(worker);
            unusable(
                worker,
                Failure.of(
                    "A Python worker was not ready within %d seconds"
                        .formatted(START_PATIENCE.toSeconds())));
          }
        });
  }

  private void workerGreeted(Connection connection, JsonNode hello) {
    Worker worker = unused.get(hello.path("id").asInt());
    if (worker == null
        || worker.connection() != null
        || !Tokens.equal(worker.gateway().token(), hello.path("token").asText())) {
      Quietly.close(connection);
    } else if (hello.has("error")) {
      Quietly.close(connection);
      unusable(worker, Answers.failure(hello.path("error")));
    } else {
      worker.forked(hello.path("pid").asLong());
      worker.attached(connection, hello.path("tmp").asText());
      worker.onExit(() -> hangUp(worker));
      decide(new Roster.Event.Waits(worker.id()));
    }
  }

  private void workerEnded(int id, String status) {
    Worker worker = alive.remove(id);
    keptSmall.remove(id);
    if (worker == null) {
      return;
    }
    worker.ended(ExitStatus.inWords(status));
    if (unused.containsKey(id)) {
      unusable(
          worker,
          Failure.of(
              "A Python worker ended before it had a job: %s. The last words of all:%n%s"
                  .formatted(ExitStatus.inWords(status), Interpreter.lastWords(command.log()))));
    }
  }

  private void unusable(Worker worker, Failure why) {
    logger.warn("Worker {} cannot be used: {}", worker.id(), why.message());
    unused.remove(worker.id());
    discard(worker);
    decide(new Roster.Event.Gone(worker.id(), why));
  }

  private void discard(Worker worker) {
    jvm.end(worker);
    if (worker.connection() != null) {
      Quietly.close(worker.connection());
      worker.onExit(() -> temporaryFolders.add(worker.temporaryFolder()));
    }
  }

  private void order(Order order) {
    try {
      order.give();
    } catch (IOException e) {
      logger.debug("The zygote takes no orders any more", e);
      zygote.kill();
    }
  }

  private static void killGroup(Worker worker) {
    if (worker.pid() > 0) {
      try {
        new ProcessBuilder("sh", "-c", "kill -s KILL -- -" + worker.pid())
            .redirectErrorStream(true)
            .redirectOutput(ProcessBuilder.Redirect.DISCARD)
            .start();
      } catch (IOException e) {
        logger.warn("The processes of worker {} may live on", worker.id(), e);
      }
    }
  }

  private static Failure closingFailure() {
    return Failure.of("The context is being stopped");
  }

  /** What is told the zygote. */
  private interface Order {
    void give() throws IOException;
  }
}
