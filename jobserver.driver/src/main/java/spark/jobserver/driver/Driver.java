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
 * The driver: begins to serve its context when its bundle starts, or as a {@link Spare} when it is
 * given one, and ends it when the framework stops. What it is told at its start are the framework
 * properties {@value #ENROLMENT}, {@value #FOLDER} and {@value #SPARK_VERSION}.
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

  private final Path enrolment;
  private final Path folder;
  private final String version;
  private final FrameworkExit exit;
  private final ContextMaker contexts;
  // Guarded by this:
  private Optional<ContextDriver> driver = Optional.empty();
  private boolean stopped;

  /** Begins to serve. A driver that cannot says why in its log and ends. */
  @Activate
  public Driver(BundleContext bundle) {
    this.enrolment = Path.of(property(bundle, ENROLMENT));
    this.folder = Path.of(property(bundle, FOLDER));
    this.version = property(bundle, SPARK_VERSION);
    this.exit = new FrameworkExit(bundle);
    // What loaded the framework has loaded Spark: the main program is a jar given to
    // spark-submit.
    ClassLoader spark = bundle.getBundle(0).getClass().getClassLoader();
    this.contexts = new ContextMaker(spark, new BundleFactories(bundle, FACTORY_PATIENCE));
    // The factory's bundle would otherwise be stopped before this one, under its living context.
    bundle.addBundleListener((SynchronousBundleListener) this::stopping);
    try {
      Optional<Spare> spare = Spare.in(folder, contexts);
      if (spare.isPresent()) {
        Thread waiting = new Thread(() -> await(spare.get()), "spare");
        waiting.setDaemon(true);
        waiting.start();
      } else {
        serve();
      }
    } catch (IOException | RuntimeException e) {
      LOG.error("this driver cannot begin", e);
      exit.run();
    }
  }

  private void await(Spare spare) {
    try {
      if (spare.await()) {
        serve();
      } else {
        exit.run();
      }
    } catch (Exception | LinkageError e) {
      LOG.error("this spare driver is of no use", e);
      System.exit(1);
    }
  }

  private synchronized void serve() throws IOException {
    if (!stopped) {
      ContextDriver context =
          new ContextDriver(
              Wire.read(Files.readAllBytes(enrolment), EnrolmentFile.class),
              folder,
              contexts,
              exit);
      context.start(version);
      driver = Optional.of(context);
    }
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
    Optional<ContextDriver> serving;
    synchronized (this) {
      stopped = true;
      serving = driver;
    }
    serving.ifPresent(ContextDriver::shutdown);
  }
}
