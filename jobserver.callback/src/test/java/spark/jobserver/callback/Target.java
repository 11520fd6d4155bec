package spark.jobserver.callback;

import com.sun.net.httpserver.Headers;
import com.sun.net.httpserver.HttpExchange;
import com.sun.net.httpserver.HttpHandler;
import com.sun.net.httpserver.HttpServer;
import com.sun.net.httpserver.HttpsConfigurator;
import com.sun.net.httpserver.HttpsExchange;
import com.sun.net.httpserver.HttpsServer;
import java.io.IOException;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.nio.charset.StandardCharsets;
import java.util.List;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.LinkedBlockingQueue;
import java.util.concurrent.TimeUnit;
import javax.net.ssl.ExtendedSSLSession;
import javax.net.ssl.SNIServerName;
import javax.net.ssl.SSLContext;

/** A server that is told of jobs. */
final class Target implements AutoCloseable {
  private static final int SECONDS = 30;

  private final HttpServer server;
  private final ExecutorService threads = Executors.newCachedThreadPool();

  /** What it was told, in order. */
  final LinkedBlockingQueue<Request> requests = new LinkedBlockingQueue<>();

  /**
   * A request.
   *
   * @param line method and what comes after the host
   * @param names the names of the server by which TLS was begun
   */
  record Request(String line, Headers headers, String body, List<SNIServerName> names) {
    static Request of(HttpExchange exchange) throws IOException {
      return new Request(
          exchange.getRequestMethod() + " " + exchange.getRequestURI(),
          exchange.getRequestHeaders(),
          new String(exchange.getRequestBody().readAllBytes(), StandardCharsets.UTF_8),
          exchange instanceof HttpsExchange https
              ? ((ExtendedSSLSession) https.getSSLSession()).getRequestedServerNames()
              : List.of());
    }
  }

  private Target(HttpServer server) {
    this.server = server;
    server.setExecutor(threads);
  }

  private Target answering(HttpHandler handler) {
    server.createContext("/", handler);
    server.start();
    return this;
  }

  private Target answering(int... statuses) {
    LinkedBlockingQueue<Integer> left = new LinkedBlockingQueue<>();
    for (int status : statuses) {
      left.add(status);
    }
    return answering(
        exchange -> {
          try (exchange) {
            requests.add(Request.of(exchange));
            exchange.sendResponseHeaders(left.size() > 1 ? left.remove() : left.element(), -1);
          }
        });
  }

  /** Answers with these statuses, one after the other, and goes on with the last. */
  static Target with(int... statuses) throws IOException {
    return at("127.0.0.1", 0, statuses);
  }

  /** The same, where it is said. */
  static Target at(String address, int port, int... statuses) throws IOException {
    return new Target(HttpServer.create(where(address, port), 0)).answering(statuses);
  }

  /** Answers as it is said. */
  static Target doing(HttpHandler handler) throws IOException {
    return new Target(HttpServer.create(where("127.0.0.1", 0), 0)).answering(handler);
  }

  /** Answers with 200 over TLS. */
  static Target secure(SSLContext tls) throws IOException {
    HttpsServer server = HttpsServer.create(where("127.0.0.1", 0), 0);
    server.setHttpsConfigurator(new HttpsConfigurator(tls));
    return new Target(server).answering(200);
  }

  private static InetSocketAddress where(String address, int port) throws IOException {
    return new InetSocketAddress(InetAddress.getByName(address), port);
  }

  int port() {
    return server.getAddress().getPort();
  }

  String url(String path) {
    return "http://127.0.0.1:" + port() + path;
  }

  /** The next request. */
  Request told() throws InterruptedException {
    Request request = requests.poll(SECONDS, TimeUnit.SECONDS);
    if (request == null) {
      throw new AssertionError("nothing was told");
    }
    return request;
  }

  @Override
  public void close() {
    server.stop(0);
    threads.shutdownNow();
  }
}
