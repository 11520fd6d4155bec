package spark.jobserver.callback;

import java.io.IOException;
import java.net.Socket;
import javax.net.ssl.SSLSocket;
import org.apache.hc.client5.http.impl.io.DefaultManagedHttpClientConnection;
import org.apache.hc.core5.http.ClassicHttpRequest;
import org.apache.hc.core5.http.ClassicHttpResponse;
import org.apache.hc.core5.http.impl.io.SocketHolder;

/**
 * A connection that logs nothing of what goes over it, whatever the level of the log: results are
 * for those alone who are told, and paths may hold secrets.
 */
final class QuietConnection extends DefaultManagedHttpClientConnection {
  QuietConnection() {
    super("callback");
  }

  @Override
  public void bind(Socket socket) throws IOException {
    bind(new SocketHolder(socket));
  }

  @Override
  public void bind(SSLSocket sslSocket, Socket socket) throws IOException {
    bind(new SocketHolder(sslSocket, socket));
  }

  @Override
  protected void onRequestSubmitted(ClassicHttpRequest request) {
    // Nor the head.
  }

  @Override
  protected void onResponseReceived(ClassicHttpResponse response) {
    // Nor the head of the answer.
  }
}
