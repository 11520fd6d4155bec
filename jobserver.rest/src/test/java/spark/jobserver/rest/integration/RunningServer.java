package spark.jobserver.rest.integration;

import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.concurrent.CompletableFuture;
import java.util.function.Supplier;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.extension.ExtendWith;
import org.junit.jupiter.api.extension.ExtensionContext;
import org.junit.jupiter.api.extension.TestInstancePostProcessor;
import org.osgi.framework.ServiceRegistration;
import spark.jobserver.api.server.Binaries;
import spark.jobserver.api.server.ContextFactories;
import spark.jobserver.api.server.Contexts;
import spark.jobserver.api.server.DataFiles;
import spark.jobserver.api.server.Health;
import spark.jobserver.api.server.Jobs;
import spark.jobserver.api.server.Plugins;
import spark.jobserver.rest.FakeBinaries;
import spark.jobserver.rest.FakeContexts;
import spark.jobserver.rest.FakeDataFiles;
import spark.jobserver.rest.FakeJobs;
import spark.jobserver.rest.FakePlugins;

/** A server in a framework, with new services behind it for each test. */
@ExtendWith(RunningServer.Provider.class)
@Timeout(60)
abstract class RunningServer {
  private final int idleTimeout;
  private final Map<String, String> configuration;
  final List<ServiceRegistration<?>> provided = new ArrayList<>();

  Server server;
  FakeBinaries binaries;
  FakeContexts contexts;
  FakeJobs jobs;
  FakeDataFiles data;
  FakePlugins plugins;
  Optional<String> problem;

  /** The server that the tests share which need no other. */
  RunningServer() {
    this(60_000, Map.of("max-upload-size", "200 MiB", "max-config-size", "1 KiB"));
  }

  RunningServer(int idleTimeout, Map<String, String> configuration) {
    this.idleTimeout = idleTimeout;
    this.configuration = configuration;
  }

  @BeforeEach
  void provide() {
    binaries = new FakeBinaries();
    contexts = new FakeContexts();
    jobs = new FakeJobs();
    data = new FakeDataFiles();
    problem = Optional.empty();
    provided.add(server.provide(Binaries.class, binaries));
    provided.add(server.provide(Contexts.class, contexts));
    provided.add(server.provide(Jobs.class, jobs));
    provided.add(server.provide(DataFiles.class, data));
    plugins = new FakePlugins();
    provided.add(server.provide(Plugins.class, plugins));
    provided.add(server.provide(Health.class, () -> problem));
    provided.add(
        server.provide(
            ContextFactories.class,
            () -> List.of(new ContextFactories.FactoryInfo("a.Factory", "a.bundle", "1.2.3"))));
  }

  @AfterEach
  void withdraw() {
    provided.forEach(ServiceRegistration::unregister);
    provided.clear();
  }

  /** Sends a request whose answer takes its time. */
  static CompletableFuture<Reply> later(Supplier<Reply> request) {
    return CompletableFuture.supplyAsync(request, work -> new Thread(work, "client").start());
  }

  /** Starts a server for each configuration, and stops it after the last test of all. */
  static final class Provider implements TestInstancePostProcessor {
    @Override
    public void postProcessTestInstance(Object test, ExtensionContext context) {
      RunningServer running = (RunningServer) test;
      running.server =
          context
              .getRoot()
              .getStore(ExtensionContext.Namespace.GLOBAL)
              .getOrComputeIfAbsent(running.configuration, key -> started(running), Server.class);
    }

    private static Server started(RunningServer wanted) {
      try {
        return new Server(wanted.idleTimeout, wanted.configuration);
      } catch (Exception e) {
        throw new IllegalStateException("no server", e);
      }
    }
  }
}
