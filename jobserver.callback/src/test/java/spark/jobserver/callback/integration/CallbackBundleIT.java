package spark.jobserver.callback.integration;

import static java.nio.charset.StandardCharsets.UTF_8;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import com.sun.net.httpserver.HttpServer;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.net.ServerSocket;
import java.net.Socket;
import java.nio.file.DirectoryStream;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Instant;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.ServiceLoader;
import java.util.Set;
import java.util.TreeSet;
import java.util.concurrent.BlockingQueue;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.LinkedBlockingQueue;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.osgi.framework.Bundle;
import org.osgi.framework.BundleContext;
import org.osgi.framework.Constants;
import org.osgi.framework.FrameworkUtil;
import org.osgi.framework.ServiceReference;
import org.osgi.framework.launch.Framework;
import org.osgi.framework.launch.FrameworkFactory;
import org.osgi.framework.wiring.BundleWire;
import org.osgi.framework.wiring.BundleWiring;
import org.osgi.service.cm.Configuration;
import org.osgi.service.cm.ConfigurationAdmin;
import org.osgi.util.tracker.ServiceTracker;
import spark.jobserver.api.Binary;
import spark.jobserver.api.BinaryType;
import spark.jobserver.api.Content;
import spark.jobserver.api.Job;
import spark.jobserver.api.JobState;
import spark.jobserver.api.server.Callbacks;
import spark.jobserver.api.server.JobserverException;
import spark.jobserver.boot.Startup;

/** The bundle in a framework that has what it needs and nothing else. */
class CallbackBundleIT {
  private static final String PID = "spark.jobserver.callback";
  private static final long TIMEOUT = 60_000;
  private static final int HANDSHAKE = 22;

  /** The test and the bundle talk of the same classes: those of the test. */
  private static final String SHARED_PACKAGES =
      "spark.jobserver.api;version=1.0.0,spark.jobserver.api.server;version=1.0.0,"
          + "spark.jobserver.boot;version=1.0.0,org.osgi.service.cm;version=1.6.0";

  @TempDir Path folder;
  private Framework framework;
  private Bundle bundle;
  private ServiceTracker<Callbacks, Callbacks> callbacks;
  private final BlockingQueue<ServiceReference<Callbacks>> gone = new LinkedBlockingQueue<>();
  private final BlockingQueue<String> failures = new LinkedBlockingQueue<>();

  @BeforeEach
  void start() throws Exception {
    framework =
        ServiceLoader.load(FrameworkFactory.class)
            .findFirst()
            .orElseThrow()
            .newFramework(
                Map.of(
                    Constants.FRAMEWORK_STORAGE,
                    folder.resolve("felix").toString(),
                    Constants.FRAMEWORK_SYSTEMPACKAGES_EXTRA,
                    SHARED_PACKAGES,
                    // As in the server.
                    "felix.service.urlhandlers",
                    "false"));
    framework.start();
    Startup startup = (code, message) -> failures.add(code + " " + message);
    context().registerService(Startup.class, startup, null);
    callbacks =
        new ServiceTracker<>(context(), Callbacks.class, null) {
          @Override
          public void removedService(ServiceReference<Callbacks> reference, Callbacks service) {
            gone.add(reference);
          }
        };
    callbacks.open();
    List<Bundle> needed = new ArrayList<>();
    try (DirectoryStream<Path> jars =
        Files.newDirectoryStream(Path.of(System.getProperty("osgi.bundles")), "*.jar")) {
      for (Path jar : jars) {
        needed.add(context().installBundle(jar.toUri().toString()));
      }
    }
    bundle =
        context().installBundle(Path.of(System.getProperty("callback.bundle")).toUri().toString());
    for (Bundle each : needed) {
      if (each.getHeaders().get(Constants.FRAGMENT_HOST) == null) {
        each.start();
      }
    }
    bundle.start();
  }

  @AfterEach
  void stop() throws Exception {
    framework.stop();
    framework.waitForStop(TIMEOUT);
  }

  @Test
  void jobsAreToldWhileItIsConfigured() throws Exception {
    assertThat(callbacks.getService()).isNull();
    CompletableFuture<String> told = new CompletableFuture<>();
    HttpServer target =
        HttpServer.create(new InetSocketAddress(InetAddress.getLoopbackAddress(), 0), 0);
    target.createContext(
        "/",
        exchange -> {
          try (exchange) {
            told.complete(new String(exchange.getRequestBody().readAllBytes(), UTF_8));
            exchange.sendResponseHeaders(200, -1);
          }
        });
    target.start();
    try {
      Configuration configuration = configure("127.0.0.1");
      String url = "http://127.0.0.1:" + target.getAddress().getPort() + "/";

      assertThat(tell(url)).isTrue();
      assertThat(told.getNow(null)).isEqualTo("{\"jobId\":\"j\",\"result\":[1]}");

      configuration.delete();
      assertThat(gone.poll(TIMEOUT, TimeUnit.MILLISECONDS)).isNotNull();
    } finally {
      target.stop(0);
    }
  }

  @Test
  void tlsIsSpoken() throws Exception {
    configure("127.0.0.1");
    try (ServerSocket server = new ServerSocket(0, 1, InetAddress.getLoopbackAddress())) {
      CompletableFuture<Integer> first = new CompletableFuture<>();
      Thread target =
          new Thread(
              () -> {
                try (Socket socket = server.accept()) {
                  first.complete(socket.getInputStream().read());
                } catch (Exception e) {
                  first.completeExceptionally(e);
                }
              });
      target.start();

      assertThat(tell("https://127.0.0.1:" + server.getLocalPort() + "/")).isFalse();
      assertThat(first.get(TIMEOUT, TimeUnit.MILLISECONDS)).isEqualTo(HANDSHAKE);
    }
  }

  @Test
  void withoutHostsItIsThereAndRefuses() throws Exception {
    configure();

    assertThatThrownBy(() -> callbacks.waitForService(TIMEOUT).check("http://127.0.0.1/"))
        .isInstanceOf(JobserverException.class)
        .hasMessageContaining("Callbacks are off");
  }

  @Test
  void aWrongConfigurationEndsTheServer() throws Exception {
    configure("http://127.0.0.1/");

    assertThat(failures.poll(TIMEOUT, TimeUnit.MILLISECONDS))
        .startsWith("7 spark.jobserver.callback.hosts has \"http://127.0.0.1/\"");
  }

  @Test
  void nothingForeignIsWiredIn() {
    Set<String> providers = new TreeSet<>();
    for (BundleWire wire :
        bundle.adapt(BundleWiring.class).getRequiredWires("osgi.wiring.package")) {
      providers.add(wire.getProvider().getBundle().getSymbolicName());
    }
    assertThat(providers)
        .containsExactlyInAnyOrder(
            "org.apache.felix.framework",
            "com.fasterxml.jackson.core.jackson-core",
            "com.fasterxml.jackson.core.jackson-databind",
            "com.typesafe.config",
            "slf4j.api");
    assertThat(bundle.getHeaders().get(Constants.IMPORT_PACKAGE))
        .doesNotContain("apache", "commons", "conscrypt", "brotli", "zstd", "newsclub");
    assertThat(bundle.getHeaders().get(Constants.EXPORT_PACKAGE)).isNull();
  }

  private BundleContext context() {
    return framework.getBundleContext();
  }

  private Configuration configure(String... hosts) throws Exception {
    ServiceTracker<ConfigurationAdmin, ConfigurationAdmin> admins =
        new ServiceTracker<>(context(), ConfigurationAdmin.class, null);
    admins.open();
    try {
      Configuration configuration = admins.waitForService(TIMEOUT).getConfiguration(PID, null);
      configuration.update(
          FrameworkUtil.asDictionary(Map.of("hosts", hosts, "attempts", "1", "pause", "0 s")));
      return configuration;
    } finally {
      admins.close();
    }
  }

  private boolean tell(String url) throws Exception {
    Instant time = Instant.ofEpochMilli(1);
    Binary binary = new Binary("binary", BinaryType.EGG, time, "0".repeat(64), 1);
    Job job =
        new Job(
            "j",
            "context",
            "name",
            1,
            binary,
            "a.B",
            time,
            Optional.of(time),
            JobState.FINISHED,
            Optional.empty(),
            "");
    return callbacks
        .waitForService(TIMEOUT)
        .tell(url, job, Optional.of(Content.of("[1]".getBytes(UTF_8))))
        .toCompletableFuture()
        .get(TIMEOUT, TimeUnit.MILLISECONDS);
  }
}
