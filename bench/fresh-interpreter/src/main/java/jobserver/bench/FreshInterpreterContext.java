package jobserver.bench;

import com.typesafe.config.Config;
import java.io.File;
import java.net.InetAddress;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.UUID;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CompletionStage;
import org.apache.spark.sql.SparkSession;
import py4j.GatewayServer;
import spark.jobserver.api.Content;
import spark.jobserver.api.Failure;
import spark.jobserver.api.context.JobListener;
import spark.jobserver.api.context.JobOutcome;
import spark.jobserver.api.context.JobRequest;
import spark.jobserver.api.context.RunningContext;
import spark.jobserver.api.context.RunningJob;

/** A session, and an interpreter for each job that is started when the job comes. */
final class FreshInterpreterContext implements RunningContext {
  /** A setting of the context: results are converted by Py4J. */
  private static final String CONVERTS = "bench.auto-convert";

  private final SparkSession session;
  private final Path program;
  private final Config settings;

  FreshInterpreterContext(SparkSession session, Path program, Config settings) {
    this.session = session;
    this.program = program;
    this.settings = settings;
  }

  @Override
  public String applicationId() {
    return session.sparkContext().applicationId();
  }

  @Override
  public Optional<String> url() {
    return Optional.empty();
  }

  @Override
  public RunningJob run(JobRequest request, JobListener listener) {
    CompletableFuture<Process> process = new CompletableFuture<>();
    ClassLoader loader = Thread.currentThread().getContextClassLoader();
    Thread thread =
        new Thread(
            () -> {
              JobOutcome outcome;
              try {
                outcome = outcome(request, process);
              } catch (Exception e) {
                outcome = new JobOutcome.Failed(Failure.of(e));
              }
              listener.ended(outcome);
            },
            "fresh-" + request.id());
    thread.setContextClassLoader(loader);
    thread.setDaemon(true);
    thread.start();
    return () -> process.thenAccept(Process::destroyForcibly);
  }

  private JobOutcome outcome(JobRequest request, CompletableFuture<Process> started)
      throws Exception {
    JobSide job = new JobSide(session, request, settings.hasPath(CONVERTS));
    String token = UUID.randomUUID().toString();
    GatewayServer gateway =
        new GatewayServer.GatewayServerBuilder(job)
            .authToken(token)
            .javaPort(0)
            .javaAddress(InetAddress.getLoopbackAddress())
            .build();
    gateway.start(true);
    try {
      Files.createDirectories(request.log().getParent());
      ProcessBuilder builder =
          new ProcessBuilder(
                  settings.getString("python.executable"),
                  program.toString(),
                  Integer.toString(gateway.getListeningPort()))
              .redirectErrorStream(true)
              .redirectOutput(request.log().toFile())
              .redirectInput(new File("/dev/null"));
      List<String> path = new ArrayList<>(List.of(request.archive().toString()));
      path.addAll(settings.getStringList("python.paths"));
      builder.environment().put("PYTHONPATH", String.join(File.pathSeparator, path));
      builder.environment().put("BENCH_TOKEN", token);
      builder.environment().put("PYSPARK_PIN_THREAD", "false");
      Process process = builder.start();
      started.complete(process);
      int code = process.waitFor();
      return job.result() == null
          ? new JobOutcome.Failed(Failure.of("the interpreter ended with exit code " + code))
          : new JobOutcome.Finished(Content.of(job.result().getBytes(StandardCharsets.UTF_8)));
    } finally {
      gateway.shutdown();
    }
  }

  @Override
  public CompletionStage<String> broken() {
    return new CompletableFuture<>();
  }

  @Override
  public void close() {
    session.stop();
  }
}
