package spark.jobserver.shell;

import java.io.IOException;
import java.nio.channels.ClosedChannelException;
import java.nio.channels.ServerSocketChannel;
import java.nio.channels.SocketChannel;
import java.time.Duration;
import java.util.Optional;
import java.util.Set;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.ScheduledThreadPoolExecutor;
import java.util.function.Consumer;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;
import spark.jobserver.api.auth.Authentication;
import spark.jobserver.api.auth.Identity;
import spark.jobserver.api.auth.PeerAuthenticator;

/** Takes connections, and makes sessions of those of the operator. */
final class Sessions implements AutoCloseable {
  private static final Logger LOG = LoggerFactory.getLogger(Sessions.class);

  /** How long it waits after a connection could not be taken: there may be no file handles. */
  private static final Duration PAUSE = Duration.ofSeconds(1);

  private final ServerSocketChannel listening;
  private final PeerAuthenticator peers;
  private final Interpreter interpreter;
  private final ShellSettings settings;
  private final Consumer<AuditLine> audit;
  private final ScheduledThreadPoolExecutor timer;
  private final Set<Session> open = ConcurrentHashMap.newKeySet();
  private final Thread taking;

  /** Counts them; only of the thread that takes connections. */
  private long last;

  /**
   * Begins to take connections.
   *
   * @param listening is closed with this
   * @param audit is told of commands and of who was refused
   */
  Sessions(
      ServerSocketChannel listening,
      PeerAuthenticator peers,
      Interpreter interpreter,
      ShellSettings settings,
      Consumer<AuditLine> audit) {
    this.listening = listening;
    this.peers = peers;
    this.interpreter = interpreter;
    this.settings = settings;
    this.audit = audit;
    this.timer = new ScheduledThreadPoolExecutor(1, work -> daemon(work, "shell-timer"));
    timer.setRemoveOnCancelPolicy(true);
    this.taking = daemon(this::takeAll, "shell");
    taking.start();
  }

  private static Thread daemon(Runnable work, String name) {
    Thread thread = new Thread(work, name);
    thread.setDaemon(true);
    return thread;
  }

  private void takeAll() {
    while (listening.isOpen()) {
      try {
        take(listening.accept());
      } catch (ClosedChannelException e) {
        return;
      } catch (IOException | RuntimeException e) {
        LOG.error("a connection to the shell could not be taken", e);
        try {
          Thread.sleep(PAUSE.toMillis());
        } catch (InterruptedException interrupted) {
          return;
        }
      }
    }
  }

  private void take(SocketChannel connection) throws IOException {
    last++;
    LineChannel channel = new LineChannel(connection);
    boolean begun = false;
    try {
      Authentication peer = peers.authenticate(connection);
      if (!(peer instanceof Authentication.Known known)) {
        refuse(channel, Optional.empty(), reason(peer));
      } else if (open.size() >= settings.maxSessions()) {
        refuse(
            channel,
            Optional.of(known.identity()),
            "There are %d sessions already, as many as there may be (%s.max-sessions)."
                .formatted(settings.maxSessions(), ShellConfig.PID));
      } else {
        begin(channel, known.identity());
        begun = true;
      }
    } finally {
      if (!begun) {
        channel.close();
      }
    }
  }

  private static String reason(Authentication peer) {
    return peer instanceof Authentication.Wrong wrong
        ? wrong.text()
        : "It cannot be told who this is.";
  }

  private void refuse(LineChannel channel, Optional<Identity> caller, String reason) {
    LOG.warn("a connection to the shell was refused: {}", reason);
    audit.accept(new AuditLine(last, caller, "", AuditLine.Outcome.REFUSED, Duration.ZERO));
    try {
      channel.write(Wire.REFUSED + " " + Printable.of(reason));
    } catch (IOException e) {
      LOG.debug("who was refused has gone", e);
    }
  }

  private void begin(LineChannel channel, Identity who) {
    Session session =
        new Session(last, who, channel, interpreter, settings.idleTimeout(), timer, audit);
    open.add(session);
    daemon(
            () -> {
              try {
                session.run();
              } finally {
                open.remove(session);
              }
            },
            "shell-" + last)
        .start();
  }

  /** Takes no more connections, and ends all sessions. */
  @Override
  public void close() throws IOException {
    listening.close();
    taking.interrupt();
    try {
      taking.join(PAUSE.toMillis());
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
    }
    open.forEach(Session::close);
    timer.shutdownNow();
  }
}
