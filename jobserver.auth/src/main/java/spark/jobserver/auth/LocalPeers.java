package spark.jobserver.auth;

import java.io.IOException;
import java.net.SocketAddress;
import java.net.UnixDomainSocketAddress;
import java.nio.channels.SocketChannel;
import java.nio.file.FileSystems;
import java.nio.file.Path;
import java.nio.file.attribute.UserPrincipal;
import java.util.Map;
import java.util.Optional;
import java.util.OptionalLong;
import java.util.Set;
import java.util.regex.Pattern;
import jdk.net.ExtendedSocketOptions;
import org.osgi.service.component.annotations.Activate;
import org.osgi.service.component.annotations.Component;
import spark.jobserver.api.auth.Authentication;
import spark.jobserver.api.auth.Identity;
import spark.jobserver.api.auth.PeerAuthenticator;

/**
 * Knows the operating system's user who runs the server at the other end of a UNIX domain socket,
 * by the same rule as {@link LocalAuthenticator}: the kernel says that the end is this user's
 * ({@code SO_PEERCRED}), and every process that has it is beside the server and of no driver.
 *
 * <p>Which processes those are is found by the name that the client has given to its socket, by
 * {@code /proc/net/unix} and {@code /proc/PID/fd}. A name counts when just one socket has it, and
 * once: whoever takes the name of another's socket, in another network namespace say, is not taken
 * for that one's process.
 */
@Component
public final class LocalPeers implements PeerAuthenticator {
  /** What stands in a line of the kernel's table as it is. */
  private static final Pattern NAME = Pattern.compile("[!-~]+");

  private static final int MOST_NAMES = 1024;

  private final UnixSocketTable sockets;
  private final ProcessTable processes;
  private final OptionalLong own;
  private final String name;

  /** The names of those who were known; guarded by itself. */
  private final Map<String, Boolean> used = new LatestUsed<>(MOST_NAMES);

  /** Those of this process and its kernel. */
  @Activate
  public LocalPeers() {
    this(
        Path.of("/proc"),
        ProcessHandle.current().pid(),
        ProcessTable.user(Path.of("/proc")),
        System.getProperty("user.name"));
  }

  /**
   * Peers.
   *
   * @param proc where the kernel tells of processes
   * @param server the server's own process
   * @param own the id of the user who runs the server; empty when the kernel does not tell
   * @param name what the user is called
   */
  LocalPeers(Path proc, long server, OptionalLong own, String name) {
    this.sockets = new UnixSocketTable(proc);
    this.processes = new ProcessTable(proc, server);
    this.own = own;
    this.name = name;
  }

  @Override
  public Authentication authenticate(SocketChannel connection) {
    try {
      if (!isOfOwnUser(connection)) {
        return new Authentication.Wrong("This is for the user who runs the server, and no other.");
      }
      Optional<String> peer = name(connection.getRemoteAddress());
      return peer.isEmpty()
          ? new Authentication.Wrong(
              "The client's socket must be bound to a name of visible ASCII characters before it"
                  + " connects, so that its process can be found.")
          : authenticate(peer.get());
    } catch (IOException e) {
      return new Authentication.Wrong("It cannot be told who this is: " + e.getMessage());
    }
  }

  private boolean isOfOwnUser(SocketChannel connection) throws IOException {
    if (own.isEmpty()) {
      return false;
    }
    UserPrincipal user =
        FileSystems.getDefault()
            .getUserPrincipalLookupService()
            .lookupPrincipalByName(String.valueOf(own.getAsLong()));
    return connection.getOption(ExtendedSocketOptions.SO_PEERCRED).user().equals(user);
  }

  private static Optional<String> name(SocketAddress peer) {
    return peer instanceof UnixDomainSocketAddress unix
        ? Optional.of(unix.getPath().toString()).filter(name -> NAME.matcher(name).matches())
        : Optional.empty();
  }

  private Authentication authenticate(String peer) {
    Finding found = Finding.NOTHING;
    for (int attempt = 0; !found.isSure() && attempt < Finding.ATTEMPTS; attempt++) {
      found = lookUp(peer);
    }
    return switch (found) {
      case OWN -> known(peer);
      case FOREIGN ->
          new Authentication.Wrong(
              "This is of a process that the server or one of its drivers has started: what a job"
                  + " starts is not the operator.");
      case HIDDEN, NOTHING ->
          new Authentication.Wrong(
              "It cannot be told which process this is of: the kernel does not say, it is in another"
                  + " container or namespace, or another socket has the same name.");
    };
  }

  private Authentication known(String peer) {
    synchronized (used) {
      if (used.putIfAbsent(peer, true) != null) {
        return new Authentication.Wrong("The name of the client's socket was used before.");
      }
    }
    return new Authentication.Known(
        new Identity(name, Way.LOCAL.text(), Set.of(Identity.EVERYTHING), true));
  }

  private Finding lookUp(String peer) {
    OptionalLong inode = sockets.find(peer);
    if (inode.isEmpty()) {
      return Finding.NOTHING;
    }
    Set<Long> holders = processes.holders(inode.getAsLong());
    if (holders.isEmpty()) {
      return Finding.HIDDEN;
    }
    return holders.stream()
        .map(processes::judge)
        .filter(finding -> finding != Finding.OWN)
        .findFirst()
        .orElse(Finding.OWN);
  }
}
