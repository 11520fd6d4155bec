package spark.jobserver.health;

import java.nio.file.Files;
import java.nio.file.Path;
import org.apache.felix.hc.api.HealthCheck;
import org.apache.felix.hc.api.Result;
import org.osgi.framework.BundleContext;
import org.osgi.service.component.annotations.Activate;
import org.osgi.service.component.annotations.Component;

/** Whether the Spark is still there that drivers are started with, and the data folder. */
@Component(property = {HealthCheck.NAME + "=spark", HealthCheck.TAGS + "=" + PublishedChecks.READY})
public final class SparkCheck implements HealthCheck {
  private final Path spark;
  private final Path data;

  @Activate
  public SparkCheck(BundleContext context) {
    this(
        Path.of(context.getProperty("jobserver.spark.home")),
        Path.of(context.getProperty("jobserver.data")));
  }

  SparkCheck(Path spark, Path data) {
    this.spark = spark;
    this.data = data;
  }

  @Override
  public Result execute() {
    Path submit = spark.resolve("bin").resolve("spark-submit");
    if (!Files.isExecutable(submit) || !Files.isReadable(spark.resolve("jars"))) {
      return new Result(
          Result.Status.CRITICAL,
          "No context can be started: %s has no bin/spark-submit and jars any more"
              .formatted(spark));
    }
    if (!Files.isWritable(data)) {
      return new Result(
          Result.Status.CRITICAL, "No context can be started: %s is not writable".formatted(data));
    }
    return new Result(Result.Status.OK, "Spark is there");
  }
}
