package spark.jobserver.auth;

import java.io.IOException;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.net.ServerSocket;
import java.net.Socket;
import java.nio.file.Path;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.OptionalLong;
import java.util.Set;
import java.util.concurrent.atomic.AtomicBoolean;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;
import spark.jobserver.api.auth.Authentication;
import spark.jobserver.api.auth.Authenticator;
import spark.jobserver.api.auth.Identity;
import spark.jobserver.api.auth.IncomingRequest;

/**
 * Knows the operating system's user who runs the server, by the connection: it does not leave this
 * machine, the kernel says that the other end is this user's, and the process that has it is none
 * that a driver has started, so that a job does not become the operator of the server. What a proxy
 * has handed on is of somebody else, whoever runs the proxy; and who gives a credential is known by
 * that or not at all.
 *
 * <p>It stands on five things that the kernel tells of the processes of a user, and each must be
 * told before the user is known: the line of the connection in {@code /proc/net/tcp} (whose it is,
 * and its inode), the one process whose {@code /proc/PID/fd} has that inode, its namespaces, which
 * are the server's, the environment of that process and of all it descends from, in which the
 * drivers' mark is not, and their parents, of which the server is none. A process that has left its
 * parents keeps the mark in its environment; one that has also cleared that still descends from its
 * worker or the zygote, which take in what loses its parent (subreapers), until both have ended;
 * what a task of an executor starts has no such parents. Who cannot be found is nobody: where the
 * kernel does not tell, who has gone before being looked up, and processes of containers: the
 * server may not look into them, or they are in other namespaces of processes or users, whose ids
 * may be of anybody.
 *
 * <p>A connection is looked up once, at its first request, and by its own name: an address and a
 * port may be another's next time.
 */
final class LocalAuthenticator implements Authenticator {
  private static final Logger LOG = LoggerFactory.getLogger(LocalAuthenticator.class);
  private static final Authentication ABSENT = new Authentication.Absent();
  private static final int MOST_CONNECTIONS = 1024;

  /** Those of proxies, and the credentials that others look at. */
  private static final List<String> NOT_DIRECT =
      List.of(
          "Authorization",
          "Forwarded",
          "Via",
          "X-Forwarded-For",
          "X-Forwarded-Host",
          "X-Forwarded-Proto",
          "X-Forwarded-Server",
          "X-Real-IP");

  private final SocketTable sockets;
  private final ProcessTable processes;
  private final OptionalLong own;
  private final String name;
  private final Authentication known;
  private final AtomicBoolean toldOfHidden = new AtomicBoolean();

  /** What is known of connections; guarded by itself. */
  private final Map<String, Boolean> connections = new LatestUsed<>(MOST_CONNECTIONS);

  /**
   * An authenticator.
   *
   * @param own the id of the user who runs the server; empty when the kernel does not tell, and
   *     then nobody is known
   * @param name what the user is called
   */
  LocalAuthenticator(SocketTable sockets, ProcessTable processes, OptionalLong own, String name) {
    this.sockets = sockets;
    this.processes = processes;
    this.own = own;
    this.name = name;
    this.known =
        new Authentication.Known(
            new Identity(name, Way.LOCAL.text(), Set.of(Identity.EVERYTHING), true));
  }

  /** That of this process and its kernel. */
  static LocalAuthenticator ofThisMachine() {
    Path proc = Path.of("/proc");
    long server = ProcessHandle.current().pid();
    return tried(
        new SocketTable(proc),
        new ProcessTable(proc, server),
        ProcessTable.user(proc),
        server,
        System.getProperty("user.name"));
  }

  /**
   * One that knows nobody, and says so in the log, unless a connection of this process to itself
   * can be looked up.
   */
  static LocalAuthenticator tried(
      SocketTable sockets, ProcessTable processes, OptionalLong own, long server, String name) {
    boolean tells = own.isPresent() && tells(sockets, processes, own.getAsLong(), server);
    if (!tells) {
      LOG.warn(
          "{} knows nobody: the kernel does not tell who makes a connection, by /proc/net/tcp and"
              + " /proc/PID/fd. Everybody needs a token, the user {} too, for whom there is one in"
              + " auth/local-token of the data folder",
          Way.LOCAL.text(),
          name);
    }
    return new LocalAuthenticator(sockets, processes, tells ? own : OptionalLong.empty(), name);
  }

  private static boolean tells(
      SocketTable sockets, ProcessTable processes, long own, long process) {
    try (ServerSocket listening = new ServerSocket(0, 1, InetAddress.getLoopbackAddress());
        Socket client = new Socket(listening.getInetAddress(), listening.getLocalPort())) {
      return sockets
          .find(
              (InetSocketAddress) client.getLocalSocketAddress(),
              (InetSocketAddress) client.getRemoteSocketAddress())
          .filter(end -> end.user() == own)
          .flatMap(end -> processes.holder(end.inode()))
          .filter(holder -> holder == process)
          .isPresent();
    } catch (IOException e) {
      return false;
    }
  }

  @Override
  public Authentication authenticate(IncomingRequest request) {
    return own.isPresent() && isDirect(request) && isOwn(request) ? known : ABSENT;
  }

  private static boolean isDirect(IncomingRequest request) {
    return request.client().getAddress().isLoopbackAddress()
        && request.server().getAddress().isLoopbackAddress()
        && NOT_DIRECT.stream().allMatch(name -> request.headers(name).isEmpty());
  }

  private boolean isOwn(IncomingRequest request) {
    String connection = request.connection();
    synchronized (connections) {
      Boolean before = connections.get(connection);
      if (before != null) {
        return before;
      }
    }
    Finding found = Finding.NOTHING;
    for (int attempt = 0; !found.isSure() && attempt < Finding.ATTEMPTS; attempt++) {
      found = lookUp(request);
    }
    if (found == Finding.HIDDEN && !toldOfHidden.getAndSet(true)) {
      LOG.warn(
          "a connection of the user {} is of no process that the server may look into, or of one in"
              + " another container or namespace: such need a token. This is said once",
          name);
    }
    synchronized (connections) {
      connections.put(connection, found == Finding.OWN);
    }
    return found == Finding.OWN;
  }

  private Finding lookUp(IncomingRequest request) {
    Optional<SocketTable.Entry> socket = sockets.find(request.client(), request.server());
    if (socket.isEmpty()) {
      return Finding.NOTHING;
    }
    if (!socket.get().isOpen() || socket.get().user() != own.getAsLong()) {
      return Finding.FOREIGN;
    }
    return processes.holder(socket.get().inode()).map(processes::judge).orElse(Finding.HIDDEN);
  }

  @Override
  public String challenge() {
    return "Local realm=\"jobserver\"";
  }

  @Override
  public String advice() {
    return own.isPresent()
        ? "The user who runs the server needs none, straight from its machine and from no job."
        : "The kernel of the server's machine does not tell who makes a connection, so the user who"
            + " runs the server needs one, too.";
  }
}
