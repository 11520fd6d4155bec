package spark.jobserver.rest.integration;

import java.io.BufferedInputStream;
import java.io.IOException;
import java.io.OutputStream;
import java.net.InetAddress;
import java.net.Socket;
import java.net.URI;
import java.nio.charset.StandardCharsets;
import java.nio.file.DirectoryStream;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.time.Instant;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.List;
import java.util.Map;
import java.util.ServiceLoader;
import java.util.function.BooleanSupplier;
import java.util.stream.Stream;
import org.osgi.framework.Bundle;
import org.osgi.framework.BundleContext;
import org.osgi.framework.BundleException;
import org.osgi.framework.Constants;
import org.osgi.framework.FrameworkUtil;
import org.osgi.framework.InvalidSyntaxException;
import org.osgi.framework.ServiceReference;
import org.osgi.framework.ServiceRegistration;
import org.osgi.framework.launch.Framework;
import org.osgi.framework.launch.FrameworkFactory;
import org.osgi.service.cm.ConfigurationAdmin;

/** A framework with what answers HTTP in it, and nothing behind it but what a test provides. */
final class Server implements AutoCloseable {
  /** What bundles and tests share. */
  private static final String PACKAGES =
      "spark.jobserver.api;version=1.0.0,spark.jobserver.api.server;version=1.0.0,"
          + "org.osgi.service.cm;version=1.6.1";

  private static final Duration PATIENCE = Duration.ofSeconds(30);

  private final Path folder;
  private final Framework framework;
  private final int port;

  /**
   * Starts one and waits until it answers.
   *
   * @param idleTimeout after how many milliseconds without a byte a connection is given up
   * @param configuration keys of {@code spark.jobserver.rest} that differ from the default
   */
  Server(int idleTimeout, Map<String, String> configuration)
      throws IOException, BundleException, InvalidSyntaxException {
    folder = Files.createTempDirectory("rest");
    framework =
        ServiceLoader.load(FrameworkFactory.class)
            .findFirst()
            .orElseThrow()
            .newFramework(
                Map.of(
                    Constants.FRAMEWORK_STORAGE,
                    folder.resolve("cache").toString(),
                    Constants.FRAMEWORK_SYSTEMPACKAGES_EXTRA,
                    PACKAGES,
                    "org.apache.felix.http.host",
                    "127.0.0.1",
                    "org.osgi.service.http.port",
                    "0",
                    "org.apache.felix.http.timeout",
                    String.valueOf(idleTimeout),
                    // Lets names have slashes, dots and percent signs, encoded.
                    "org.eclipse.jetty.UriComplianceMode",
                    "LEGACY"));
    framework.init();
    List<Bundle> bundles = new ArrayList<>();
    try (DirectoryStream<Path> jars =
        Files.newDirectoryStream(Path.of(System.getProperty("osgi.bundles")), "*.jar")) {
      for (Path jar : jars) {
        bundles.add(install(jar));
      }
    }
    bundles.add(install(Path.of(System.getProperty("rest.bundle"))));
    framework.start();
    for (Bundle bundle : bundles) {
      if (bundle.getHeaders().get(Constants.FRAGMENT_HOST) == null) {
        bundle.start();
      }
    }
    configure("spark.jobserver.rest", configuration);
    configure(
        "JakartarsServletWhiteboardRuntimeComponent",
        Map.of("jersey.context.path", "/", "jersey.jakartars.whiteboard.name", "jobserver"));
    port = port();
    until(() -> List.of("/binaries", "/contexts", "/jobs").stream().allMatch(this::answers));
  }

  /** Gives a component its configuration, which starts it anew. */
  void configure(String pid, Map<String, String> values) throws IOException {
    BundleContext context = context();
    ServiceReference<ConfigurationAdmin> admin =
        context.getServiceReference(ConfigurationAdmin.class);
    context.getService(admin).getConfiguration(pid, "?").update(FrameworkUtil.asDictionary(values));
  }

  private int port() throws InvalidSyntaxException {
    ServiceReference<?>[] runtime =
        context().getServiceReferences("org.osgi.service.servlet.runtime.HttpServiceRuntime", null);
    String[] addresses = (String[]) runtime[0].getProperty("osgi.http.endpoint");
    return URI.create(addresses[0]).getPort();
  }

  private boolean answers(String path) {
    return get(path).status() == 503;
  }

  private BundleContext context() {
    return framework.getBundleContext();
  }

  /** Adds a bundle and does not start it. */
  Bundle install(Path jar) throws BundleException {
    return context().installBundle(jar.toUri().toString());
  }

  /** Adds what the resources ask. */
  <T> ServiceRegistration<T> provide(Class<T> type, T service) {
    return context().registerService(type, service, null);
  }

  /** Waits for something that comes by itself. */
  static void until(BooleanSupplier condition) {
    Instant end = Instant.now().plus(PATIENCE);
    while (!condition.getAsBoolean()) {
      if (Instant.now().isAfter(end)) {
        throw new AssertionError("waited in vain for " + PATIENCE);
      }
      Thread.onSpinWait();
    }
  }

  /** A new connection. */
  Socket connect() throws IOException {
    Socket socket = new Socket(InetAddress.getLoopbackAddress(), port);
    socket.setSoTimeout((int) PATIENCE.toMillis());
    return socket;
  }

  /** Where a path is. */
  URI uri(String path) {
    return URI.create("http://127.0.0.1:" + port + path);
  }

  Reply get(String path) {
    return send("GET " + path, "", "");
  }

  /** Sends a request whose answer has no body, whatever its head says. */
  Reply sendForHead(String methodAndPath, String headers) {
    try (Socket socket = connect()) {
      socket.getOutputStream().write(head(methodAndPath, headers, 0));
      return Reply.readHead(new BufferedInputStream(socket.getInputStream()));
    } catch (IOException e) {
      throw new AssertionError(methodAndPath, e);
    }
  }

  /** Sends a request without a content type. */
  Reply send(String methodAndPath, String body) {
    return send(methodAndPath, "", body);
  }

  /**
   * Sends a request and returns its answer.
   *
   * @param headers lines that all have a line break, beside {@code Host} and {@code Content-Length}
   */
  Reply send(String methodAndPath, String headers, String body) {
    return send(methodAndPath, headers, body.getBytes(StandardCharsets.UTF_8));
  }

  /** As {@link #send(String, String, String)}. */
  Reply send(String methodAndPath, String headers, byte[] body) {
    try (Socket socket = connect()) {
      OutputStream out = socket.getOutputStream();
      out.write(head(methodAndPath, headers, body.length));
      out.write(body);
      return reply(socket);
    } catch (IOException e) {
      throw new AssertionError(methodAndPath, e);
    }
  }

  /** The head of a request whose body has a length. */
  static byte[] head(String methodAndPath, String headers, long length) {
    return "%s HTTP/1.1\r\nHost: localhost\r\n%sContent-Length: %d\r\n\r\n"
        .formatted(methodAndPath, headers.replace("\n", "\r\n"), length)
        .getBytes(StandardCharsets.UTF_8);
  }

  /** The answer to what was sent. */
  static Reply reply(Socket socket) throws IOException {
    return Reply.read(new BufferedInputStream(socket.getInputStream()));
  }

  /** Stops it and removes its folder. */
  @Override
  public void close() throws IOException, BundleException {
    framework.stop();
    try {
      framework.waitForStop(PATIENCE.toMillis());
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
    }
    try (Stream<Path> files = Files.walk(folder)) {
      for (Path file : files.sorted(Comparator.reverseOrder()).toList()) {
        Files.delete(file);
      }
    }
  }
}
