package spark.jobserver.auth;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.OptionalLong;
import java.util.Set;
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
 * <p>Where the kernel does not tell, nobody is known. A connection is looked up once.
 */
final class LocalAuthenticator implements Authenticator {
  private static final Logger LOG = LoggerFactory.getLogger(LocalAuthenticator.class);
  private static final Authentication ABSENT = new Authentication.Absent();
  private static final int MOST_CONNECTIONS = 1024;

  /** How often a connection is looked for: a table that changes while it is read may have gaps. */
  private static final int ATTEMPTS = 3;

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
  private final Authentication known;

  /** What is known of connections; guarded by itself. */
  private final Map<String, Boolean> connections =
      new LinkedHashMap<>(64, 0.75f, true) {
        private static final long serialVersionUID = 1;

        @Override
        protected boolean removeEldestEntry(Map.Entry<String, Boolean> eldest) {
          return size() > MOST_CONNECTIONS;
        }
      };

  /**
   * An authenticator.
   *
   * @param own the id of the user who runs the server; empty when the kernel does not tell
   * @param name what the user is called
   */
  LocalAuthenticator(SocketTable sockets, ProcessTable processes, OptionalLong own, String name) {
    this.sockets = sockets;
    this.processes = processes;
    this.own = own;
    this.known =
        new Authentication.Known(
            new Identity(name, Way.LOCAL.text(), Set.of(Identity.EVERYTHING), true));
  }

  /** That of this process and its kernel. */
  static LocalAuthenticator ofThisMachine() {
    Path proc = Path.of("/proc");
    OptionalLong own = user(proc);
    if (own.isEmpty()) {
      LOG.warn("the kernel does not tell who makes a connection: everybody needs a credential");
    }
    return new LocalAuthenticator(
        new SocketTable(proc),
        new ProcessTable(proc, ProcessHandle.current().pid()),
        own,
        System.getProperty("user.name"));
  }

  /** The effective user of this process. */
  private static OptionalLong user(Path proc) {
    try {
      return Files.readAllLines(proc.resolve("self/status")).stream()
          .filter(line -> line.startsWith("Uid:"))
          .mapToLong(line -> Long.parseLong(line.split("\\s+", -1)[2]))
          .findFirst();
    } catch (IOException | NumberFormatException e) {
      return OptionalLong.empty();
    }
  }

  @Override
  public Authentication authenticate(IncomingRequest request) {
    return isDirect(request) && isOwn(request) ? known : ABSENT;
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
    Optional<Boolean> found = Optional.empty();
    for (int attempt = 0; found.isEmpty() && attempt < ATTEMPTS; attempt++) {
      found = lookUp(request);
    }
    synchronized (connections) {
      found.ifPresent(own -> connections.put(connection, own));
    }
    return found.orElse(false);
  }

  /** Whether the connection is the user's; empty when nobody was found who has it. */
  private Optional<Boolean> lookUp(IncomingRequest request) {
    Optional<SocketTable.Entry> socket = sockets.find(request.client(), request.server());
    if (socket.isEmpty()) {
      return Optional.empty();
    }
    if (own.isEmpty() || socket.get().user() != own.getAsLong()) {
      return Optional.of(false);
    }
    return processes
        .holder(socket.get().inode())
        .flatMap(processes::isOfDriver)
        .map(ofDriver -> !ofDriver);
  }

  @Override
  public String challenge() {
    return "Local realm=\"jobserver\"";
  }
}
