package jobserver.stub;

import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.OptionalLong;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CompletionStage;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.Executors;
import java.util.concurrent.ScheduledExecutorService;
import java.util.concurrent.TimeUnit;
import spark.jobserver.api.Content;
import spark.jobserver.api.Failure;
import spark.jobserver.api.NamedObject;
import spark.jobserver.api.NamedObject.Kind;
import spark.jobserver.api.driver.DriverProcess;
import spark.jobserver.api.driver.DriverSpec;
import spark.jobserver.link.Command;
import spark.jobserver.link.EnrolmentFile;
import spark.jobserver.link.Event;
import spark.jobserver.link.Heartbeat;
import spark.jobserver.link.Hello;
import spark.jobserver.link.Wire;
import spark.jobserver.link.driver.AcceptedJobs;
import spark.jobserver.link.driver.CommandHandler;
import spark.jobserver.link.driver.DriverEnd;

/**
 * A driver that is no process. Its jobs end at once with their configuration as their result, but
 * for those whose class path ends with {@code .Fails}, {@code .Refuses}, {@code .IsMissing} or
 * {@code .Lasts}; the last end after two seconds, or when they are killed.
 */
final class StubDriver implements DriverProcess, CommandHandler {
  private static final Failure ERROR =
      new Failure("it did not work", "builtins.ValueError", "Traceback\n  line 1");

  /** What its jobs share. */
  private static final List<NamedObject> OBJECTS =
      List.of(
          new NamedObject("v", Kind.VALUE, Optional.of("dict"), OptionalLong.of(5)),
          new NamedObject("r", Kind.RDD, Optional.empty(), OptionalLong.of(0)),
          new NamedObject("f", Kind.DATAFRAME, Optional.empty(), OptionalLong.empty()),
          new NamedObject("b", Kind.OBJECT, Optional.of("a.B"), OptionalLong.empty()));

  private final String reference;
  private final AcceptedJobs accepted;
  private final DriverEnd link;
  private final Map<String, String> lasting = new ConcurrentHashMap<>();
  private final CompletableFuture<String> exit = new CompletableFuture<>();
  private final ScheduledExecutorService work =
      Executors.newSingleThreadScheduledExecutor(
          run -> {
            Thread thread = new Thread(run, "stub-driver");
            thread.setDaemon(true);
            return thread;
          });
  private volatile Hello.ContextProgress progress = Hello.ContextProgress.NONE;

  StubDriver(DriverSpec spec) throws IOException {
    reference = spec.contextId() + "." + spec.epoch();
    accepted = new AcceptedJobs(spec.folder());
    EnrolmentFile enrolment = Wire.read(Files.readAllBytes(spec.enrolment()), EnrolmentFile.class);
    link = new DriverEnd(enrolment, spec.folder(), accepted, this);
    link.start("stub");
  }

  // What the server tells it

  @Override
  public void command(Command command) {
    work.execute(() -> carryOut(command));
  }

  private void carryOut(Command command) {
    if (command instanceof Command.MakeContext) {
      progress = Hello.ContextProgress.READY;
      link.tell(new Event.ContextReady("stub-1", ""));
    } else if (command instanceof Command.RunJob job) {
      run(job);
    } else if (command instanceof Command.KillJob kill) {
      if (lasting.remove(kill.jobId()) != null) {
        end(kill.jobId(), Event.Ending.KILLED, Failure.of("killed"), "");
      }
    } else if (command instanceof Command.ListNamedObjects list) {
      link.answer(Event.NamedObjectsListed.of(list.requestId(), OBJECTS));
    } else if (command instanceof Command.StopContext) {
      progress = Hello.ContextProgress.ENDED;
      for (String job : lasting.keySet()) {
        end(job, Event.Ending.FAILED, Failure.of("The context was terminated"), "");
      }
      link.tell(new Event.ContextEnded(""), Content.of(new byte[0]));
      leave();
    }
  }

  private void run(Command.RunJob job) {
    try {
      if (!accepted.accept(job.jobId())) {
        return;
      }
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
    String id = job.jobId();
    String classPath = job.classPath();
    if (classPath.endsWith(".Refuses")) {
      end(id, Event.Ending.INVALID, ERROR, "");
    } else if (classPath.endsWith(".IsMissing")) {
      end(id, Event.Ending.NOT_FOUND, Failure.of(classPath), "");
    } else {
      link.tell(new Event.JobStarted(id));
      if (classPath.endsWith(".Stays")) {
        lasting.put(id, job.config());
      } else if (classPath.endsWith(".Lasts")) {
        lasting.put(id, job.config());
        work.schedule(() -> finish(id), 2, TimeUnit.SECONDS);
      } else if (classPath.endsWith(".Fails")) {
        end(id, Event.Ending.FAILED, ERROR, "");
      } else {
        end(id, Event.Ending.FINISHED, new Failure("", "", ""), job.config());
      }
    }
  }

  private void finish(String id) {
    String config = lasting.remove(id);
    if (config != null) {
      end(id, Event.Ending.FINISHED, new Failure("", "", ""), config);
    }
  }

  private void end(String id, Event.Ending ending, Failure failure, String result) {
    link.tell(
        new Event.JobEnded(id, ending, failure),
        Content.of(result.getBytes(StandardCharsets.UTF_8)));
  }

  /** What was told for good is delivered first. */
  private void leave() {
    Thread leaving =
        new Thread(
            () -> {
              try {
                link.flush(10_000);
              } catch (InterruptedException e) {
                Thread.currentThread().interrupt();
              }
              kill();
            },
            "stub-leaves");
    leaving.setDaemon(true);
    leaving.start();
  }

  @Override
  public Hello hello(String session, long received) {
    return new Hello(session, received, progress, "stub-1", "", accepted.undelivered());
  }

  @Override
  public Heartbeat heartbeat(String session, long received) {
    return new Heartbeat(session, received, 0, 0);
  }

  @Override
  public boolean busy() {
    return !lasting.isEmpty();
  }

  @Override
  public void abandoned(String why) {
    kill();
  }

  // What a process is

  @Override
  public String reference() {
    return reference;
  }

  @Override
  public boolean isAlive() {
    return !exit.isDone();
  }

  @Override
  public CompletionStage<String> exit() {
    return exit.copy();
  }

  @Override
  public void kill() {
    link.close();
    work.shutdownNow();
    exit.complete("exit 0");
  }

  @Override
  public List<String> lastLines(int count) {
    return List.of();
  }
}
