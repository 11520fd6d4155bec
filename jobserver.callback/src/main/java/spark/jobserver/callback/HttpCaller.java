package spark.jobserver.callback;

import java.io.IOException;
import java.io.InputStream;
import java.io.InterruptedIOException;
import java.net.Proxy;
import java.net.Socket;
import java.time.Duration;
import java.util.Set;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.Future;
import java.util.concurrent.ScheduledExecutorService;
import java.util.concurrent.TimeUnit;
import javax.net.ssl.SSLContext;
import org.apache.hc.client5.http.DnsResolver;
import org.apache.hc.client5.http.classic.methods.HttpPost;
import org.apache.hc.client5.http.config.ConnectionConfig;
import org.apache.hc.client5.http.impl.DefaultSchemePortResolver;
import org.apache.hc.client5.http.impl.classic.CloseableHttpClient;
import org.apache.hc.client5.http.impl.classic.HttpClients;
import org.apache.hc.client5.http.impl.io.BasicHttpClientConnectionManager;
import org.apache.hc.client5.http.impl.io.DefaultHttpClientConnectionOperator;
import org.apache.hc.client5.http.io.HttpClientConnectionOperator;
import org.apache.hc.client5.http.protocol.HttpClientContext;
import org.apache.hc.client5.http.ssl.DefaultClientTlsStrategy;
import org.apache.hc.client5.http.ssl.TlsSocketStrategy;
import org.apache.hc.core5.http.ClassicHttpResponse;
import org.apache.hc.core5.http.HttpHeaders;
import org.apache.hc.core5.http.HttpHost;
import org.apache.hc.core5.io.CloseMode;
import org.apache.hc.core5.util.Timeout;

/**
 * Makes calls over HTTP, each over a connection of its own, which goes to an address that the
 * resolver gave and nowhere else: no proxy of the environment or the system properties, no
 * redirect, no cookies, no authentication. The certificate of a server that speaks TLS must be for
 * the host that the URL names.
 *
 * <p>Apache's HttpClient and not the JDK's, for only there can the address be checked that is then
 * connected to: the JDK's looks names up by itself.
 */
final class HttpCaller implements Caller {
  /** How much of an answer's body is taken off the line, in bytes; what it says does not matter. */
  private static final int ANSWER = 8 * 1024;

  private final HttpClientConnectionOperator connections;
  private final Limits limits;
  private final ScheduledExecutorService timer;
  private final Set<HttpPost> underWay = ConcurrentHashMap.newKeySet();
  private volatile boolean closed;

  /**
   * What makes calls.
   *
   * @param resolver where connections go
   * @param tls whose certificates are good
   * @param timer ends calls that take too long
   */
  HttpCaller(DnsResolver resolver, SSLContext tls, Limits limits, ScheduledExecutorService timer) {
    TlsSocketStrategy strategy = new DefaultClientTlsStrategy(tls);
    this.connections =
        new DefaultHttpClientConnectionOperator(
            proxy -> new Socket(Proxy.NO_PROXY),
            DefaultSchemePortResolver.INSTANCE,
            resolver,
            scheme -> scheme.equals("https") ? strategy : null);
    this.limits = limits;
    this.timer = timer;
  }

  @Override
  public int call(CallbackUrl url, Notice notice) throws IOException {
    HttpPost post = new HttpPost(url.uri());
    post.setEntity(notice);
    post.setHeader(HttpHeaders.USER_AGENT, "jobserver");
    post.setHeader(HttpHeaders.CONNECTION, "close");
    Duration limit = limits.whole(notice.getContentLength());
    underWay.add(post);
    try {
      if (closed) {
        throw new InterruptedIOException("no more calls are made");
      }
      Future<?> deadline = timer.schedule(post::cancel, limit.toMillis(), TimeUnit.MILLISECONDS);
      try {
        return status(url, post);
      } catch (IOException | RuntimeException e) {
        if (post.isCancelled()) {
          throw late(limit, e);
        }
        throw e;
      } finally {
        deadline.cancel(false);
      }
    } finally {
      underWay.remove(post);
    }
  }

  private int status(CallbackUrl url, HttpPost post) throws IOException {
    HttpHost host = new HttpHost(url.scheme(), url.host().text(), url.port());
    CloseableHttpClient client = client();
    try {
      ClassicHttpResponse answer = client.executeOpen(host, post, HttpClientContext.create());
      drain(answer);
      return answer.getCode();
    } finally {
      // Reads no more of the answer, and has nothing to say against one that is known.
      client.close(CloseMode.IMMEDIATE);
    }
  }

  private CloseableHttpClient client() {
    BasicHttpClientConnectionManager connection =
        new BasicHttpClientConnectionManager(connections, socket -> new QuietConnection());
    connection.setConnectionConfig(
        ConnectionConfig.custom().setConnectTimeout(Timeout.of(limits.connect())).build());
    return HttpClients.createMinimal(connection);
  }

  /** Lets a server that answers shortly finish. That it has answered is known before. */
  private static void drain(ClassicHttpResponse answer) {
    try {
      if (answer.getEntity() != null) {
        InputStream body = answer.getEntity().getContent();
        body.readNBytes(ANSWER);
      }
    } catch (IOException e) {
      // It has answered.
    }
  }

  private static IOException late(Duration limit, Exception cause) {
    IOException late = new InterruptedIOException("no answer within " + limit.toSeconds() + " s");
    late.initCause(cause);
    return late;
  }

  @Override
  public void close() {
    closed = true;
    underWay.forEach(HttpPost::cancel);
  }
}
