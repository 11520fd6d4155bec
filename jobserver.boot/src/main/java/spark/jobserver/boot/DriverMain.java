package spark.jobserver.boot;

import java.io.IOException;
import java.net.URISyntaxException;
import java.nio.file.Path;
import java.security.CodeSource;
import java.util.HashMap;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import org.osgi.framework.BundleException;
import org.osgi.framework.Constants;

/**
 * A driver's main program, run by {@code spark-submit}: {@code DriverMain <enrolment file> <context
 * folder> <folder of bundles>}.
 *
 * <p>Starts the bundles of that folder in a framework that also exports every package of Spark's
 * jars. This class must have been loaded by a class loader that sees these jars, as spark-submit's
 * does: it is what the exported packages are loaded from.
 *
 * <p>What a scan of Spark's jars found is kept in the folder that the system property {@code
 * jobserver.cache}, or else the environment variable {@code JOBSERVER_CACHE}, names.
 */
public final class DriverMain {
  private DriverMain() {}

  public static void main(String[] args) {
    Ending ending = new Ending(false);
    ending.exit(run(args, ending));
  }

  private static int run(String[] args, Ending ending) {
    try {
      if (args.length != 3) {
        throw new CannotStart(
            ExitCode.USAGE,
            "Usage: DriverMain <enrolment file> <context folder> <folder of bundles>");
      }
      JavaCheck.check(Runtime.version().feature());
      return run(absolute(args[0]), absolute(args[1]), absolute(args[2]), ending);
    } catch (CannotStart e) {
      failed(e.getMessage());
      return e.code().number();
    } catch (BundleException | IOException | RuntimeException e) {
      e.printStackTrace();
      failed("The driver did not start: " + e);
      return ExitCode.FAILED.number();
    } catch (InterruptedException e) {
      return ExitCode.FAILED.number();
    }
  }

  private static int run(Path enrolment, Path folder, Path bundles, Ending ending)
      throws CannotStart, BundleException, IOException, InterruptedException {
    if (BundleHost.jars(bundles).isEmpty()) {
      throw new CannotStart(ExitCode.USAGE, "There are no bundles in %s.".formatted(bundles));
    }
    SparkHome spark = SparkHome.of(home());
    JavaCheck.warning(Runtime.version().feature(), spark)
        .ifPresent(warning -> System.err.println("WARN: " + warning));
    SparkPackages packages = SparkPackages.of(spark.jars(), cache());

    Map<String, String> properties = new HashMap<>();
    properties.put("jobserver.enrolment", enrolment.toString());
    properties.put("jobserver.folder", folder.toString());
    properties.put("jobserver.spark.home", spark.folder().toString());
    properties.put("jobserver.spark.version", spark.version());
    // Log4j finds the configuration that Spark has given it by the parents of class loaders:
    // without this the bundles'
    // loaders have none, and nothing but errors would be in the driver's log.
    properties.put(Constants.FRAMEWORK_BUNDLE_PARENT, Constants.FRAMEWORK_BUNDLE_PARENT_FRAMEWORK);
    properties.put(Constants.FRAMEWORK_SYSTEMPACKAGES_EXTRA, packages.systemPackages(Set.of()));
    return new BundleHost(properties, folder.resolve("felix"), ending, DriverMain::failed)
        .run(bundles);
  }

  /** {@code SPARK_HOME}, or where Spark's classes came from: a cluster may not set the former. */
  private static String home() {
    String home = System.getenv("SPARK_HOME");
    if (home != null) {
      return home;
    }
    try {
      CodeSource source =
          Class.forName("org.apache.spark.SparkConf", false, DriverMain.class.getClassLoader())
              .getProtectionDomain()
              .getCodeSource();
      return Path.of(source.getLocation().toURI()).resolve("../..").normalize().toString();
    } catch (ClassNotFoundException | URISyntaxException e) {
      return null;
    }
  }

  private static Optional<Path> cache() {
    return Optional.ofNullable(System.getProperty("jobserver.cache"))
        .or(() -> Optional.ofNullable(System.getenv("JOBSERVER_CACHE")))
        .map(Path::of);
  }

  private static Path absolute(String path) {
    return Path.of(path).toAbsolutePath().normalize();
  }

  private static void failed(String message) {
    System.err.println("ERROR: " + message);
  }
}
