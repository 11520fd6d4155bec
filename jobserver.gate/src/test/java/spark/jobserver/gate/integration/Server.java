package spark.jobserver.gate.integration;

import java.io.IOException;
import java.io.InputStream;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.net.ServerSocket;
import java.net.Socket;
import java.net.SocketException;
import java.net.SocketTimeoutException;
import java.nio.charset.StandardCharsets;
import java.nio.file.DirectoryStream;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.time.Instant;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.ServiceLoader;
import java.util.Set;
import java.util.concurrent.ConcurrentLinkedQueue;
import java.util.concurrent.CopyOnWriteArrayList;
import java.util.concurrent.ThreadLocalRandom;
import java.util.function.BooleanSupplier;
import java.util.function.Function;
import java.util.jar.Attributes;
import java.util.jar.JarEntry;
import java.util.jar.JarOutputStream;
import java.util.jar.Manifest;
import org.osgi.framework.AllServiceListener;
import org.osgi.framework.Bundle;
import org.osgi.framework.BundleContext;
import org.osgi.framework.BundleException;
import org.osgi.framework.Constants;
import org.osgi.framework.FrameworkUtil;
import org.osgi.framework.InvalidSyntaxException;
import org.osgi.framework.ServiceEvent;
import org.osgi.framework.ServiceReference;
import org.osgi.framework.ServiceRegistration;
import org.osgi.framework.launch.Framework;
import org.osgi.framework.launch.FrameworkFactory;
import org.osgi.service.cm.ConfigurationAdmin;
import spark.jobserver.api.auth.Authentication;
import spark.jobserver.api.auth.Authenticator;
import spark.jobserver.api.auth.Identity;
import spark.jobserver.api.auth.IncomingRequest;
import spark.jobserver.api.server.RequestObserver;
import spark.jobserver.boot.Startup;
import spark.jobserver.gate.integration.plugin.PluginPreprocessor;
import spark.jobserver.gate.integration.plugin.PluginServlet;
import spark.jobserver.gate.integration.plugin.ServletPlugin;

/** A framework with an HTTP service, a plugin that answers, and our bundle, not yet started. */
final class Server implements AutoCloseable {
  /** What bundles and tests share. */
  private static final String HTTP = "org.osgi.service.servlet.runtime.HttpServiceRuntime";

  private static final String PACKAGES =
      "spark.jobserver.boot;version=1.0.0,spark.jobserver.api.auth;version=1.0.0,spark.jobserver.api.server;version=1.0.0,spark.jobserver.api.tls;version=1.0.0,org.osgi.service.cm;version=1.6.1,"
          + "org.slf4j;version=2.0.0,org.slf4j.event;version=2.0.0,org.slf4j.spi;version=2.0.0";

  private static final Duration PATIENCE = Duration.ofSeconds(30);

  /** What was said to {@link Startup}. */
  record Failure(int exitCode, String message) {}

  final ConcurrentLinkedQueue<Failure> failures = new ConcurrentLinkedQueue<>();
  final Bundle gate;

  /**
   * What is asked who makes a request; until a test says otherwise, everybody may do everything.
   */
  volatile Function<IncomingRequest, Authentication> authentication =
      request -> known("tester", Set.of("*"), true);

  /** What the file of an operator says of TLS; set before {@link #configure}. */
  Map<String, String> tls = Map.of("client-certificates", "none");

  /** How many connections there may be at a time; set before {@link #configure}. */
  int mostConnections = 5_000;

  private final ServiceRegistration<Authenticator> authenticator;
  private final Framework framework;
  private final int port;

  /**
   * Starts all but the gate.
   *
   * @param folder for its files
   */
  Server(Path folder) throws IOException, BundleException {
    port = freePort();
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
                    // As boot says it.
                    "org.apache.felix.http.enable",
                    "false",
                    // Where HTTP would listen without the gate.
                    "org.osgi.service.http.port",
                    String.valueOf(port)));
    framework.init();
    Startup startup = (code, message) -> failures.add(new Failure(code, message));
    context().registerService(Startup.class, startup, null);
    authenticator = register(request -> authentication.apply(request), "Test realm=\"test\"", 0);
    List<Bundle> bundles = new ArrayList<>();
    try (DirectoryStream<Path> jars =
        Files.newDirectoryStream(Path.of(System.getProperty("osgi.bundles")), "*.jar")) {
      for (Path jar : jars) {
        bundles.add(install(jar));
      }
    }
    bundles.add(install(plugin(folder.resolve("plugin.jar"))));
    gate = install(Path.of(System.getProperty("gate.bundle")));
    framework.start();
    for (Bundle bundle : bundles) {
      if (bundle.getHeaders().get(Constants.FRAGMENT_HOST) == null) {
        bundle.start();
      }
    }
  }

  static Authentication known(String name, Set<String> permissions, boolean ambient) {
    return new Authentication.Known(new Identity(name, "test", permissions, ambient));
  }

  /** Has somebody be asked who makes a request. */
  ServiceRegistration<Authenticator> register(
      Function<IncomingRequest, Authentication> way, String challenge, int ranking) {
    Authenticator service =
        new Authenticator() {
          @Override
          public Authentication authenticate(IncomingRequest request) {
            return way.apply(request);
          }

          @Override
          public String challenge() {
            return challenge;
          }

          @Override
          public String advice() {
            return "Send " + challenge + ".";
          }
        };
    return context()
        .registerService(
            Authenticator.class,
            service,
            FrameworkUtil.asDictionary(Map.of(Constants.SERVICE_RANKING, ranking)));
  }

  /** Has somebody be told of requests. */
  ServiceRegistration<RequestObserver> register(RequestObserver observer) {
    return context().registerService(RequestObserver.class, observer, null);
  }

  /** Has nobody be asked any more. */
  void askNobody() {
    authenticator.unregister();
  }

  /**
   * A port that nobody listens on. It is none of those that the machine gives to clients: one that
   * tries to connect to such a port, while nobody listens there, may be given it and find itself.
   */
  private static int freePort() {
    return ThreadLocalRandom.current()
        .ints(20_000, 32_000)
        .filter(Server::isFree)
        .findFirst()
        .orElseThrow();
  }

  private static boolean isFree(int port) {
    try (ServerSocket free = new ServerSocket(port, 1, InetAddress.getLoopbackAddress())) {
      return free.isBound();
    } catch (IOException e) {
      return false;
    }
  }

  private static Path plugin(Path jar) throws IOException {
    Manifest manifest = new Manifest();
    Attributes attributes = manifest.getMainAttributes();
    attributes.put(Attributes.Name.MANIFEST_VERSION, "1.0");
    attributes.putValue(Constants.BUNDLE_MANIFESTVERSION, "2");
    attributes.putValue(Constants.BUNDLE_SYMBOLICNAME, "servlet.plugin");
    attributes.putValue(Constants.BUNDLE_ACTIVATOR, ServletPlugin.class.getName());
    attributes.putValue(
        Constants.IMPORT_PACKAGE,
        "org.osgi.framework,org.osgi.service.servlet.whiteboard,jakarta.servlet,jakarta.servlet.http");
    try (JarOutputStream out = new JarOutputStream(Files.newOutputStream(jar), manifest)) {
      for (Class<?> type :
          List.of(ServletPlugin.class, PluginServlet.class, PluginPreprocessor.class)) {
        String name = type.getName().replace('.', '/') + ".class";
        out.putNextEntry(new JarEntry(name));
        try (InputStream bytes = type.getClassLoader().getResourceAsStream(name)) {
          bytes.transferTo(out);
        }
        out.closeEntry();
      }
    }
    return jar;
  }

  private BundleContext context() {
    return framework.getBundleContext();
  }

  private Bundle install(Path jar) throws BundleException {
    return context().installBundle(jar.toUri().toString());
  }

  /** Notes in their order when gate and HTTP come and go. */
  List<String> notes() throws InvalidSyntaxException {
    List<String> notes = new CopyOnWriteArrayList<>();
    Map<String, String> names =
        Map.of("org.osgi.service.servlet.whiteboard.Preprocessor", "gate", HTTP, "HTTP");
    for (Map.Entry<String, String> service : names.entrySet()) {
      // Of all services: the bundles' classes are not the test's.
      AllServiceListener listener =
          event -> {
            if (event.getType() == ServiceEvent.REGISTERED) {
              notes.add(service.getValue() + " comes");
            } else if (event.getType() == ServiceEvent.UNREGISTERING) {
              // Who hears of it first is another thing than what is there.
              boolean http =
                  service.getValue().equals("gate") && context().getServiceReference(HTTP) != null;
              notes.add(service.getValue() + " goes" + (http ? " before HTTP" : ""));
            }
          };
      context().addServiceListener(listener, "(objectClass=" + service.getKey() + ")");
    }
    return notes;
  }

  /** Writes the configuration that the file of an operator would lead to. */
  void configure(List<String> hosts, List<String> origins) throws IOException {
    configure(
        "spark.jobserver.gate",
        Map.of("hosts", hosts.toArray(String[]::new), "max-connections", mostConnections));
    configure("spark.jobserver.cors", Map.of("origins", origins.toArray(String[]::new)));
    configure("spark.jobserver.tls", tls);
    configure(
        "spark.jobserver.core", Map.of("port", String.valueOf(port), "bind-address", "127.0.0.1"));
  }

  private void configure(String pid, Map<String, ?> values) throws IOException {
    ServiceReference<ConfigurationAdmin> admin =
        context().getServiceReference(ConfigurationAdmin.class);
    context()
        .getService(admin)
        .getConfiguration(pid, "?")
        .update(FrameworkUtil.asDictionary(values));
  }

  /** Starts the gate and waits until HTTP answers. */
  void open() throws BundleException {
    gate.start();
    until(this::answers);
  }

  private boolean answers() {
    return get("/plugin/echo").filter(reply -> reply.status() == 200).isPresent();
  }

  /** Whether somebody listens where HTTP would. */
  boolean listens() {
    try (Socket socket = new Socket()) {
      socket.connect(new InetSocketAddress(InetAddress.getLoopbackAddress(), port));
      return true;
    } catch (IOException e) {
      return false;
    }
  }

  int port() {
    return port;
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

  Optional<Reply> get(String path) {
    return exchange("GET " + path + " HTTP/1.1\nHost: localhost\nConnection: close\n\n");
  }

  /**
   * Sends a request without a body to this host.
   *
   * @param headers lines that all have a line break
   */
  Reply send(String methodAndPath, String host, String headers) {
    return raw(
        methodAndPath
            + " HTTP/1.1\nHost: "
            + host
            + "\nContent-Length: 0\nConnection: close\n"
            + headers
            + "\n");
  }

  /** Sends these lines as they are, but for the line breaks. */
  Reply raw(String request) {
    return exchange(request).orElseThrow(() -> new AssertionError("no answer to " + request));
  }

  /** As {@link #raw}; empty when nobody answers. */
  Optional<Reply> exchange(String request) {
    return exchange(request, PATIENCE);
  }

  /** As {@link #exchange(String)}; empty also when nobody has answered within this time. */
  Optional<Reply> exchange(String request, Duration limit) {
    try (Socket socket = new Socket(InetAddress.getLoopbackAddress(), port)) {
      socket.setSoTimeout((int) limit.toMillis());
      socket
          .getOutputStream()
          .write(request.replace("\n", "\r\n").getBytes(StandardCharsets.ISO_8859_1));
      String answer = new String(socket.getInputStream().readAllBytes(), StandardCharsets.UTF_8);
      return answer.isEmpty() ? Optional.empty() : Optional.of(Reply.of(answer));
    } catch (SocketException | SocketTimeoutException e) {
      return Optional.empty();
    } catch (IOException e) {
      throw new AssertionError(request, e);
    }
  }

  @Override
  public void close() throws BundleException {
    framework.stop();
    try {
      framework.waitForStop(PATIENCE.toMillis());
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
    }
  }
}
