package spark.jobserver.link.server;

import java.time.Duration;
import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.Deque;
import java.util.List;
import spark.jobserver.link.Command;
import spark.jobserver.link.Wire;

/**
 * The numbered commands for one driver that it has not yet carried out. After a break they are
 * replayed from the last one it has.
 */
public final class CommandLog {
  private final String session = Wire.newSecret().substring(0, 16);
  private final Deque<Command.Numbered> waiting = new ArrayDeque<>();
  private long last;
  private long reader;

  /** Names this log; the numbers of another session mean nothing here. */
  public String session() {
    return session;
  }

  /** Adds a command at the end and wakes the reader. */
  public synchronized void append(Command command) {
    waiting.add(new Command.Numbered(session, ++last, command));
    notifyAll();
  }

  /** Forgets the commands up to this number, when the session is this one. */
  public synchronized void received(String session, long number) {
    if (this.session.equals(session)) {
      while (!waiting.isEmpty() && waiting.peek().number() <= number) {
        waiting.remove();
      }
    }
  }

  /** Whether no other reader has taken over since. */
  synchronized boolean isRead(long reader) {
    return reader == this.reader;
  }

  /** Makes the caller the only reader: an earlier one is told so by {@link #after}. */
  public synchronized long takeOver() {
    notifyAll();
    return ++reader;
  }

  /**
   * The commands after a number, waiting for one for a while.
   *
   * @param reader what {@link #takeOver} returned
   * @return none when the time has passed
   * @throws IllegalStateException when another reader has taken over
   */
  public synchronized List<Command.Numbered> after(long reader, long number, Duration wait)
      throws InterruptedException {
    long end = System.nanoTime() + wait.toNanos();
    while (true) {
      if (reader != this.reader) {
        throw new IllegalStateException("another connection has taken over");
      }
      List<Command.Numbered> next = new ArrayList<>();
      for (Command.Numbered command : waiting) {
        if (command.number() > number) {
          next.add(command);
        }
      }
      long left = (end - System.nanoTime()) / 1_000_000;
      if (!next.isEmpty() || left <= 0) {
        return next;
      }
      wait(left);
    }
  }
}
