package spark.jobserver.shell;

import java.io.IOException;
import java.time.Duration;
import java.util.Optional;
import java.util.concurrent.ScheduledExecutorService;
import java.util.concurrent.ScheduledFuture;
import java.util.concurrent.TimeUnit;
import java.util.function.Consumer;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;
import spark.jobserver.api.auth.Identity;

/** One client's commands, one after another, until it has gone or has asked nothing for long. */
final class Session implements Runnable, AutoCloseable {
  private static final Logger LOG = LoggerFactory.getLogger(Session.class);

  private final long number;
  private final Identity who;
  private final LineChannel channel;
  private final Duration idleTimeout;
  private final ScheduledExecutorService timer;
  private final Consumer<AuditLine> audit;
  private final LineOutput out;
  private final LineOutput errors;
  private final Interpreter.Conversation conversation;

  /** Whether nothing was asked for too long. */
  private volatile boolean idle;

  /**
   * A session.
   *
   * @param number which it is since the server's start
   * @param who has the other end of the connection
   * @param idleTimeout how long it waits for a line
   * @param timer may be shared
   * @param audit is told of each command
   */
  Session(
      long number,
      Identity who,
      LineChannel channel,
      Interpreter interpreter,
      Duration idleTimeout,
      ScheduledExecutorService timer,
      Consumer<AuditLine> audit) {
    this.number = number;
    this.who = who;
    this.channel = channel;
    this.idleTimeout = idleTimeout;
    this.timer = timer;
    this.audit = audit;
    this.out = new LineOutput(channel, Wire.OUT);
    this.errors = new LineOutput(channel, Wire.ERROR);
    this.conversation = interpreter.begin(out, errors);
  }

  @Override
  public void run() {
    try (this) {
      channel.write(Wire.READY);
      Optional<String> line = next();
      while (line.isPresent()) {
        answer(line.get().strip());
        line = next();
      }
    } catch (IOException e) {
      // The client has gone, or the server stops.
      LOG.debug("session {} of the shell has ended", number, e);
    }
  }

  /** Waits for the next line; empty when there is none any more. */
  private Optional<String> next() throws IOException {
    ScheduledFuture<?> end =
        timer.schedule(this::endInput, idleTimeout.toMillis(), TimeUnit.MILLISECONDS);
    Optional<String> line = channel.readLine();
    end.cancel(false);
    if (idle && line.isEmpty()) {
      channel.write(
          Wire.BYE
              + " Nothing was asked for "
              + idleTimeout.toSeconds()
              + " s ("
              + ShellConfig.PID
              + ".idle-timeout)");
    }
    return line;
  }

  private void endInput() {
    idle = true;
    try {
      channel.endInput();
    } catch (IOException e) {
      LOG.debug("session {} of the shell ends by itself", number, e);
    }
  }

  private void answer(String line) throws IOException {
    Optional<String> complaint = Optional.empty();
    if (!line.isEmpty()) {
      long begin = System.nanoTime();
      complaint = conversation.carryOut(line);
      AuditLine.Outcome outcome =
          complaint.isPresent() ? AuditLine.Outcome.FAILED : AuditLine.Outcome.DONE;
      Duration took = Duration.ofNanos(System.nanoTime() - begin);
      audit.accept(new AuditLine(number, Optional.of(who), line, outcome, took));
    }
    out.finish();
    errors.finish();
    if (complaint.isPresent()) {
      for (String sentence : complaint.get().lines().toList()) {
        channel.write(Wire.ERROR + Printable.of(sentence));
      }
    }
    channel.write(complaint.isPresent() ? Wire.FAILED : Wire.OK);
  }

  /** Ends it, also from another thread; what it carries out is interrupted. */
  @Override
  public void close() {
    conversation.close();
    try {
      channel.close();
    } catch (IOException e) {
      LOG.debug("session {} of the shell has ended", number, e);
    }
  }
}
