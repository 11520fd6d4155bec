package spark.jobserver.gate;

import jakarta.servlet.http.HttpServletRequest;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.net.UnknownHostException;
import java.security.cert.X509Certificate;
import java.util.Collections;
import java.util.List;
import spark.jobserver.api.auth.IncomingRequest;

/** A request of the servlet container as authenticators see it. */
record ServletIncomingRequest(HttpServletRequest request) implements IncomingRequest {
  @Override
  public List<String> headers(String name) {
    return Collections.list(request.getHeaders(name));
  }

  @Override
  public InetSocketAddress client() {
    return end(request.getRemoteAddr(), request.getRemotePort());
  }

  @Override
  public InetSocketAddress server() {
    return end(request.getLocalAddr(), request.getLocalPort());
  }

  @Override
  public String connection() {
    return request.getServletConnection().getConnectionId();
  }

  @Override
  public List<X509Certificate> certificates() {
    return request.getAttribute("jakarta.servlet.request.X509Certificate")
            instanceof X509Certificate[] chain
        ? List.of(chain)
        : List.of();
  }

  private static InetSocketAddress end(String address, int port) {
    try {
      // An address, never a name: nobody is asked.
      return new InetSocketAddress(InetAddress.getByName(address), port);
    } catch (UnknownHostException e) {
      throw new IllegalStateException(e);
    }
  }
}
