package spark.jobserver.launcher;

import com.typesafe.config.Config;
import com.typesafe.config.ConfigException;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.concurrent.CompletionStage;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;
import spark.jobserver.api.driver.DriverProcess;
import spark.jobserver.api.driver.DriverSpec;
import spark.jobserver.api.driver.SpareDriver;

/** A driver's process that waits for its context. */
final class SpareProcess implements SpareDriver {
  private static final Logger LOG = LoggerFactory.getLogger(SpareProcess.class);

  private final DriverSpec spec;
  private final SparkProperties properties;
  private final PropertiesOf propertiesOf;
  private final SparkSubmitProcess process;

  /** Makes Spark's properties of the settings of a context. */
  @FunctionalInterface
  interface PropertiesOf {
    /**
     * @throws IOException when the settings or Spark's own defaults cannot be read
     */
    SparkProperties of(DriverSpec spec) throws IOException;
  }

  /**
   * @param spec what it was started for
   * @param properties what it was started with
   */
  SpareProcess(
      DriverSpec spec,
      SparkProperties properties,
      PropertiesOf propertiesOf,
      SparkSubmitProcess process) {
    this.spec = spec;
    this.properties = properties;
    this.propertiesOf = propertiesOf;
    this.process = process;
  }

  @Override
  public String reference() {
    return process.reference();
  }

  @Override
  public String contextId() {
    return spec.contextId();
  }

  @Override
  public boolean isReady() {
    return Files.exists(spec.folder().resolve(READY)) && process.isAlive();
  }

  @Override
  public boolean suits(Config settings) {
    try {
      SparkProperties wanted =
          propertiesOf.of(
              new DriverSpec(
                  spec.contextId(),
                  spec.epoch(),
                  spec.contextName(),
                  settings,
                  spec.folder(),
                  spec.enrolment()));
      return RunningJvm.takes(properties, wanted);
    } catch (IOException | ConfigException e) {
      LOG.debug("these settings are not usable", e); // as a cold start will say
      return false;
    }
  }

  @Override
  public DriverProcess assign(DriverSpec assigned) throws IOException {
    SparkProperties wanted = propertiesOf.of(assigned);
    SparkSubmitLauncher.writePrivately(SparkProperties.file(spec.folder()), wanted.text());
    Path assignment = spec.folder().resolve(ASSIGNED);
    Files.createFile(assignment); // last: it is waited for
    LOG.info("context {}: takes the spare driver, process {}", contextId(), process);
    return process.assigned();
  }

  @Override
  public CompletionStage<String> exit() {
    return process.exit();
  }

  @Override
  public void kill() {
    process.kill();
  }
}
