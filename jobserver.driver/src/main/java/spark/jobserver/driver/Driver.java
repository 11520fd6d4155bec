package spark.jobserver.driver;

import static java.util.Objects.requireNonNull;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.Optional;
import org.osgi.framework.BundleContext;
import org.osgi.framework.BundleEvent;
import org.osgi.framework.SynchronousBundleListener;
import org.osgi.service.component.annotations.Activate;
import org.osgi.service.component.annotations.Component;
import org.osgi.service.component.annotations.Deactivate;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;
import spark.jobserver.link.EnrolmentFile;
import spark.jobserver.link.Wire;

/**
 * The driver: begins to serve its context when its bundle starts, and ends it when the framework
 * stops. What it is told at its start are the framework properties {@value #ENROLMENT}, {@value
 * #FOLDER} and {@value #SPARK_VERSION}.
 */
@Component(service = {})
public final class Driver {
  /** The file that tells where and how to enrol. */
  static final String ENROLMENT = "jobserver.enrolment";

  /** The context's folder. */
  static final String FOLDER = "jobserver.folder";

  /** The version of Spark here. */
  static final String SPARK_VERSION = "jobserver.spark.version";

  private static final Logger LOG = LoggerFactory.getLogger(Driver.class);
  private static final Duration FACTORY_PATIENCE = Duration.ofSeconds(30);

  private final Optional<ContextDriver> driver;

  /** Begins to serve. A driver that cannot says why in its log and ends. */
  @Activate
  public Driver(BundleContext bundle) {
    Path enrolment = Path.of(property(bundle, ENROLMENT));
    Path folder = Path.of(property(bundle, FOLDER));
    String version = property(bundle, SPARK_VERSION);
    FrameworkExit exit = new FrameworkExit(bundle);
    Optional<ContextDriver> serving = Optional.empty();
    try {
      // What loaded the framework has loaded Spark: the main program is a jar given to
      // spark-submit.
      ClassLoader spark = bundle.getBundle(0).getClass().getClassLoader();
      ContextDriver context =
          new ContextDriver(
              Wire.read(Files.readAllBytes(enrolment), EnrolmentFile.class),
              folder,
              spark,
              new BundleFactories(bundle, FACTORY_PATIENCE),
              exit);
      context.start(version);
      serving = Optional.of(context);
    } catch (IOException | RuntimeException e) {
      LOG.error("this driver cannot begin", e);
      exit.run();
    }
    this.driver = serving;
    // The factory's bundle would otherwise be stopped before this one, under its living context.
    bundle.addBundleListener((SynchronousBundleListener) this::stopping);
  }

  private void stopping(BundleEvent event) {
    if (event.getType() == BundleEvent.STOPPING && event.getBundle().getBundleId() == 0) {
      stop();
    }
  }

  private static String property(BundleContext bundle, String key) {
    return requireNonNull(bundle.getProperty(key), key);
  }

  /** Ends the context, and returns when it has ended. */
  @Deactivate
  public void stop() {
    driver.ifPresent(ContextDriver::shutdown);
  }
}
