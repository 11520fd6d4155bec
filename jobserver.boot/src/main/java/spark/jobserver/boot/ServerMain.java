package spark.jobserver.boot;

import static java.nio.charset.StandardCharsets.UTF_8;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import org.osgi.framework.BundleException;
import org.osgi.framework.Constants;

/**
 * The server's main program: {@code ServerMain --home FOLDER --data FOLDER [--conf FILE] [--port
 * NUMBER] [--safe-mode]}, with {@code SPARK_HOME} in the environment.
 *
 * <p>Starts the bundles of {@code <home>/bundles/server} in a framework that also exports Spark's
 * packages, minus those that one of these bundles exports: there the server's own are used. Spark's
 * classes themselves are not in this process. Plugins are what lies in {@code <home>/plugins}. What
 * is known of Spark's jars and made of them is kept in the folder that {@code JOBSERVER_CACHE}
 * names, or else in the data folder.
 *
 * <p>Why a server did not start, or why it ended by itself, is said on stderr and in {@code
 * <data>/startup-failure}; the process exits with an {@link ExitCode}.
 */
public final class ServerMain {
  private ServerMain() {}

  public static void main(String[] args) {
    Ending ending = new Ending(true);
    ending.exit(run(args, ending));
  }

  private static int run(String[] args, Ending ending) {
    Optional<Path> data = Optional.empty();
    try {
      Options options = Options.parse(args);
      data = Optional.of(options.data());
      JavaCheck.check(Runtime.version().feature());
      try (DataFolder folder = DataFolder.take(options.data())) {
        Files.deleteIfExists(failureFile(options.data()));
        return run(options, folder, ending);
      }
    } catch (CannotStart e) {
      failed(data, e.getMessage());
      return e.code().number();
    } catch (BundleException | IOException | RuntimeException e) {
      e.printStackTrace();
      failed(data, "The server did not start: " + e);
      return ExitCode.FAILED.number();
    } catch (InterruptedException e) {
      return ExitCode.FAILED.number();
    }
  }

  private static int run(Options options, DataFolder data, Ending ending)
      throws CannotStart, BundleException, IOException, InterruptedException {
    List<Path> bundles = BundleHost.jars(options.bundles());
    if (bundles.isEmpty()) {
      throw new CannotStart(
          ExitCode.USAGE,
          "--home is %s, but there are no bundles in %s."
              .formatted(options.home(), options.bundles()));
    }
    if (options.conf().isPresent() && !Files.isReadable(options.conf().get())) {
      throw new CannotStart(
          ExitCode.CONFIGURATION,
          "The configuration file %s is not there or cannot be read."
              .formatted(options.conf().get()));
    }
    SparkHome spark = SparkHome.of(System.getenv("SPARK_HOME"));
    JavaCheck.warning(Runtime.version().feature(), spark)
        .ifPresent(warning -> System.err.println("WARN: " + warning));
    Path cache =
        Optional.ofNullable(System.getenv("JOBSERVER_CACHE"))
            .map(Path::of)
            .map(Path::toAbsolutePath)
            .orElseGet(() -> data.resolve("cache"));
    SparkPackages packages = SparkPackages.of(spark.jars(), Optional.of(cache));

    Map<String, String> properties = new HashMap<>();
    properties.put("jobserver.home", options.home().toString());
    properties.put("jobserver.data", data.path().toString());
    options.conf().ifPresent(conf -> properties.put("jobserver.conf", conf.toString()));
    options.port().ifPresent(port -> properties.put("jobserver.port", String.valueOf(port)));
    properties.put("jobserver.cache", cache.toString());
    properties.put("jobserver.spark.home", spark.folder().toString());
    properties.put("jobserver.spark.version", spark.version());
    properties.put("jobserver.spark.packages", packages.names());
    properties.put(
        Constants.FRAMEWORK_SYSTEMPACKAGES_EXTRA, packages.systemPackages(OwnExports.of(bundles)));
    properties.put("jobserver.plugins.start-level", String.valueOf(BundleHost.PLUGIN_LEVEL));
    properties.put("jobserver.safe-mode", String.valueOf(options.safeMode()));
    // While a plugin is updated its old and its new revision are both there.
    properties.put(Constants.FRAMEWORK_BSNVERSION, Constants.FRAMEWORK_BSNVERSION_MULTIPLE);
    // Nothing listens before the gate is there: it enables HTTP.
    properties.put("org.apache.felix.http.enable", "false");

    return new BundleHost(
            properties,
            data.resolve("felix"),
            ending,
            message -> failed(Optional.of(data.path()), message))
        .run(options.bundles());
  }

  private static Path failureFile(Path data) {
    return data.resolve("startup-failure");
  }

  private static void failed(Optional<Path> data, String message) {
    System.err.println("ERROR: " + message);
    if (data.isPresent() && Files.isDirectory(data.get())) {
      try {
        Files.writeString(failureFile(data.get()), message + "\n", UTF_8);
      } catch (IOException e) {
        System.err.printf("This could not be kept in %s: %s%n", failureFile(data.get()), e);
      }
    }
  }
}
