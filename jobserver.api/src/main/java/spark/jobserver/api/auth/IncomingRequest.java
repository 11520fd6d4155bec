package spark.jobserver.api.auth;

import java.net.InetSocketAddress;
import java.security.cert.X509Certificate;
import java.util.List;
import org.osgi.annotation.versioning.ProviderType;

/** A request as an {@link Authenticator} sees it. */
@ProviderType
public interface IncomingRequest {
  /**
   * The values of a header, one for each line that has it.
   *
   * @param name in any case
   */
  List<String> headers(String name);

  /** The other end of the connection, whatever headers say. */
  InetSocketAddress client();

  /** The server's end of the connection. */
  InetSocketAddress server();

  /**
   * A name of the connection that no other has had since the server's start. Several requests may
   * come over one.
   */
  String connection();

  /**
   * The client's certificate and those that lead from it to an authority that the server has been
   * told of, which has been found to be so; none when the client has shown none.
   */
  List<X509Certificate> certificates();
}
