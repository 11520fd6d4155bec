package spark.jobserver.testkit;

import com.typesafe.config.Config;
import com.typesafe.config.ConfigFactory;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Map;
import java.util.UUID;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.TimeoutException;
import org.osgi.framework.Bundle;
import org.osgi.framework.ServiceReference;
import org.osgi.framework.wiring.BundleWiring;
import spark.jobserver.api.context.ContextFactory;
import spark.jobserver.api.context.ContextRequest;
import spark.jobserver.api.context.JobRequest;
import spark.jobserver.api.context.RunningContext;
import spark.jobserver.boot.ContextClassLoader;

/** A context that was made as a driver makes one. */
final class TestedContext implements AutoCloseable {
  private static final long PATIENCE = 120;

  private final RunningContext running;
  private final ClassLoader classes;
  private final Path folder;

  private TestedContext(RunningContext running, ClassLoader classes, Path folder) {
    this.running = running;
    this.classes = classes;
    this.folder = folder;
  }

  /**
   * Makes one, by a thread of its own, as a driver does.
   *
   * @param folder where its folder goes
   * @throws Exception what the factory throws
   */
  static TestedContext make(
      DriverFramework framework,
      Bundle bundle,
      ServiceReference<?> reference,
      Config settings,
      Path folder)
      throws Exception {
    ContextFactory factory = framework.service(reference);
    String id = UUID.randomUUID().toString();
    Path own = Files.createDirectories(folder.resolve(id));
    ContextRequest request =
        new ContextRequest(
            id, "contract", settings.withFallback(python()), own, framework.needs(bundle));
    CompletableFuture<TestedContext> made = new CompletableFuture<>();
    Thread thread =
        new Thread(
            () -> {
              try {
                RunningContext running = factory.make(request);
                made.complete(
                    new TestedContext(
                        running, Thread.currentThread().getContextClassLoader(), own));
              } catch (Exception | LinkageError e) {
                made.completeExceptionally(e);
              }
            },
            "context-factory");
    thread.setDaemon(true);
    thread.setContextClassLoader(
        new ContextClassLoader(
            framework.spark(), List.of(), bundle.adapt(BundleWiring.class).getClassLoader()));
    thread.start();
    try {
      return made.get(PATIENCE, TimeUnit.SECONDS);
    } catch (ExecutionException e) {
      if (e.getCause() instanceof Exception cause) {
        throw cause;
      }
      throw new AssertionError(e.getCause());
    } catch (TimeoutException e) {
      throw new AssertionError("No context was made within %d s".formatted(PATIENCE), e);
    }
  }

  /** The interpreter, where the settings do not name one. */
  private static Config python() {
    String python = System.getenv("PYTHON");
    return python == null || python.isBlank()
        ? ConfigFactory.empty()
        : ConfigFactory.parseMap(Map.of("python.executable", python));
  }

  RunningContext running() {
    return running;
  }

  /** Begins a job, by a thread of its own. */
  JobWatch run(JobArchive archive, String classPath, String config) throws IOException {
    String id = UUID.randomUUID().toString();
    JobRequest request =
        new JobRequest(
            id,
            classPath,
            archive.binary(),
            archive.file(),
            List.of(),
            config,
            Files.createDirectories(folder.resolve("log/jobs")).resolve(id + ".log"));
    JobWatch watch = new JobWatch();
    Thread thread =
        new Thread(
            () -> {
              try {
                watch.begun(running.run(request, watch));
              } catch (Exception | LinkageError e) {
                watch.refused(e);
              }
            },
            "contract-job");
    thread.setDaemon(true);
    thread.setContextClassLoader(classes);
    thread.start();
    return watch;
  }

  @Override
  public void close() {
    running.close();
  }
}
