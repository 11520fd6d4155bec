package spark.jobserver.core.context;

import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.util.List;
import java.util.concurrent.BlockingQueue;
import java.util.concurrent.LinkedBlockingQueue;
import java.util.concurrent.TimeUnit;
import spark.jobserver.api.Content;
import spark.jobserver.api.Failure;
import spark.jobserver.api.context.WorkerCount;
import spark.jobserver.api.driver.DriverSpec;
import spark.jobserver.core.FakeProcess;
import spark.jobserver.link.Command;
import spark.jobserver.link.EnrolmentFile;
import spark.jobserver.link.Event;
import spark.jobserver.link.Heartbeat;
import spark.jobserver.link.Hello;
import spark.jobserver.link.Wire;
import spark.jobserver.link.driver.AcceptedJobs;
import spark.jobserver.link.driver.CommandHandler;
import spark.jobserver.link.driver.DriverEnd;

/** A driver in this process: the real end of the link, and a test that says what it does. */
final class FakeDriver implements CommandHandler, AutoCloseable {
  final FakeProcess process;
  final BlockingQueue<Command> commands = new LinkedBlockingQueue<>();
  private final AcceptedJobs accepted;
  private final DriverEnd link;
  volatile WorkerCount workers = WorkerCount.NONE;
  private volatile Hello.ContextProgress progress = Hello.ContextProgress.NONE;

  FakeDriver(DriverSpec spec) throws IOException {
    process = new FakeProcess(spec.contextId() + "." + spec.epoch());
    accepted = new AcceptedJobs(spec.folder());
    EnrolmentFile enrolment = Wire.read(Files.readAllBytes(spec.enrolment()), EnrolmentFile.class);
    link = new DriverEnd(enrolment, spec.folder(), accepted, this);
    link.start("4.0.0");
  }

  /** The next command of a type; others before it are skipped. */
  <T extends Command> T next(Class<T> type) throws InterruptedException {
    while (true) {
      Command command = commands.poll(10, TimeUnit.SECONDS);
      if (command == null) {
        throw new AssertionError("no " + type.getSimpleName() + " came");
      }
      if (type.isInstance(command)) {
        return type.cast(command);
      }
    }
  }

  void ready() {
    progress = Hello.ContextProgress.READY;
    link.tell(new Event.ContextReady("app-1", ""));
  }

  void tell(Event event) {
    link.tell(event, Content.of(new byte[0]));
  }

  void answer(Event.NamedObjectsListed answer) {
    link.answer(answer);
  }

  void finish(String jobId, String result) {
    link.tell(
        new Event.JobEnded(jobId, Event.Ending.FINISHED, Failure.of("")),
        Content.of(result.getBytes(StandardCharsets.UTF_8)));
  }

  /** A job ends, in whatever way. */
  void end(String jobId, Event.Ending ending) {
    if (ending == Event.Ending.FINISHED) {
      finish(jobId, "1");
    } else {
      tell(new Event.JobEnded(jobId, ending, Failure.of("it did not work")));
    }
  }

  @Override
  public void command(Command command) {
    try {
      if (!(command instanceof Command.RunJob job) || accepted.accept(job.jobId())) {
        commands.add(command);
      }
    } catch (IOException e) {
      throw new AssertionError(e);
    }
  }

  @Override
  public Hello hello(String session, long received) {
    return new Hello(session, received, progress, "app-1", "", accepted.undelivered());
  }

  @Override
  public Heartbeat heartbeat(String session, long received) {
    return Heartbeat.of(session, received, workers);
  }

  @Override
  public boolean busy() {
    return false;
  }

  @Override
  public void abandoned(String why) {
    commands.addAll(List.of());
  }

  /** The process dies: the link breaks off without a word. */
  void die(String how) {
    close();
    process.end(how);
  }

  /** The process ends in order. */
  void exit() {
    die("exit 0");
  }

  @Override
  public void close() {
    link.close();
  }
}
