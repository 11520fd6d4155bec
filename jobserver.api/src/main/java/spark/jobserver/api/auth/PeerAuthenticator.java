package spark.jobserver.api.auth;

import java.nio.channels.SocketChannel;
import org.osgi.annotation.versioning.ProviderType;

/**
 * Says who is at the other end of a UNIX domain socket of the server's: its own user, or somebody
 * who may not use it. Most jobs are processes of that user, too, and none of them is taken for it.
 *
 * <p>May be called by any thread; it takes some milliseconds.
 */
@ProviderType
public interface PeerAuthenticator {
  /**
   * Looks at a connection. The kernel does not tell which process has the other end, so that has to
   * have a name of its own: the client binds its socket, to a name that no other has had, before it
   * connects.
   *
   * @param connection as it was accepted
   * @return {@link Authentication.Known}, or {@link Authentication.Wrong} with the reason, also
   *     when it cannot be told who it is
   */
  Authentication authenticate(SocketChannel connection);
}
