package spark.jobserver.python.integration;

import static org.junit.jupiter.api.Assumptions.assumeTrue;

import com.typesafe.config.Config;
import com.typesafe.config.ConfigFactory;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.List;
import java.util.Map;
import java.util.UUID;
import java.util.concurrent.TimeUnit;
import spark.jobserver.api.BinaryType;
import spark.jobserver.api.context.ContextFactory;
import spark.jobserver.api.context.ContextRequest;
import spark.jobserver.api.context.JobRequest;
import spark.jobserver.api.context.RunningContext;
import spark.jobserver.python.integration.Archives.Archive;

/** A context as a driver makes one, with an egg of jobs. */
final class ContextUnderTest implements AutoCloseable {
  final Path folder;
  final RunningContext running;
  final Archive egg;

  ContextUnderTest(ContextFactory factory, Path folder, String settings) throws Exception {
    this(factory, request(folder, settings));
  }

  ContextUnderTest(ContextFactory factory, ContextRequest request) throws Exception {
    this.folder = request.folder();
    this.running = factory.make(request);
    this.egg =
        Archives.of(
            BinaryType.EGG, folder, Map.of("jobs/__init__.py", Archives.resource("jobs.py")));
  }

  /** Skips the test without a Spark to run on, and prepares Spark's configuration. */
  static void needsSpark(Path folder) throws IOException {
    assumeTrue(
        System.getenv("SPARK_HOME") != null,
        "SPARK_HOME is not set, so there is no Spark to run Python jobs on");
    System.setProperty("spark.master", "local[4]");
    System.setProperty("spark.ui.enabled", "false");
    System.setProperty("spark.driver.host", "127.0.0.1");
    System.setProperty("spark.driver.bindAddress", "127.0.0.1");
    System.setProperty("spark.sql.shuffle.partitions", "2");
    System.setProperty("spark.sql.warehouse.dir", folder.resolve("warehouse").toString());
    System.setProperty(
        "spark.local.dir", Files.createDirectories(folder.resolve("local")).toString());
  }

  static ContextRequest request(Path folder, String settings) {
    Config python =
        ConfigFactory.parseMap(
            Map.of("python.executable", System.getProperty("python", "python3")));
    return new ContextRequest(
        UUID.randomUUID().toString(),
        "test",
        ConfigFactory.parseString(settings).withFallback(python),
        folder,
        List.of(Path.of(System.getProperty("bundle"))));
  }

  /** Begins a job of the egg. */
  Run run(String job, String config) throws Exception {
    return run(egg, "jobs." + job, config);
  }

  Run run(Archive archive, String classPath, String config, Archive... dependencies)
      throws Exception {
    return run(archive, classPath, config, () -> {}, dependencies);
  }

  /**
   * @param whenValid is done before anything is read that the job says later
   */
  Run run(
      Archive archive, String classPath, String config, Runnable whenValid, Archive... dependencies)
      throws Exception {
    Run run = new Run(whenValid);
    String id = UUID.randomUUID().toString();
    run.log = log(id);
    JobRequest request =
        new JobRequest(
            id,
            classPath,
            archive.binary(),
            archive.file(),
            Arrays.stream(dependencies)
                .map(one -> new JobRequest.Dependency(one.binary(), one.file()))
                .toList(),
            config,
            run.log);
    Thread thread =
        new Thread(
            () -> {
              try {
                run.begun.complete(running.run(request, run));
              } catch (Exception e) {
                run.begun.completeExceptionally(e);
              }
            },
            "test-job");
    thread.setDaemon(true);
    thread.start();
    run.begun.get(30, TimeUnit.SECONDS);
    return run;
  }

  private Path log(String job) throws IOException {
    return Files.createDirectories(folder.resolve("log").resolve("jobs")).resolve(job + ".log");
  }

  @Override
  public void close() {
    running.close();
  }
}
