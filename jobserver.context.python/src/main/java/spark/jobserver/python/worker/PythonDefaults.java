package spark.jobserver.python.worker;

import java.io.IOException;
import java.net.URI;
import java.nio.file.Path;
import java.util.HashMap;
import java.util.Map;
import java.util.Optional;
import org.apache.spark.SparkConf;
import org.apache.spark.SparkContext;
import org.apache.spark.package$;

/** What a context whose jobs are written in Python needs and has no other reason to be set. */
final class PythonDefaults {
  private static final String EXECUTORS_PYTHON = "spark.pyspark.python";

  private PythonDefaults() {}

  /**
   * Sets what PySpark sets when it makes a SparkContext itself, where nothing else is asked for.
   *
   * @param executorsPython the interpreter that executors run
   */
  static void apply(SparkConf conf, String executorsPython) {
    conf.setIfMissing("spark.rdd.compress", "true");
    conf.setIfMissing("spark.serializer.objectStreamReset", "100");
    conf.setIfMissing("spark.sql.artifact.isolation.enabled", "false");
    conf.setIfMissing(EXECUTORS_PYTHON, executorsPython);
  }

  /**
   * How the zygote of a context is started.
   *
   * @param packed the environment that it runs in, if it is not the executable of the settings
   * @param daemon what executors run, if it is ours
   */
  static Zygote.Command zygote(
      SparkConf conf,
      PythonSettings settings,
      Optional<PackedEnvironment> packed,
      BundledPython python,
      Optional<ExecutorDaemon> daemon,
      ContextFolder folder,
      Path socket)
      throws IOException {
    Path sparkHome = sparkHome();
    PythonPath path =
        PythonPath.of(
            python,
            System.getenv("PYTHONPATH"),
            settings.paths(),
            sparkHome,
            folder.python().resolve("spark"));
    Map<String, String> environment = new HashMap<>();
    environment.put("PYTHONPATH", PythonPath.join(path.entries()));
    environment.put("JOBSERVER_FALLBACK_PATH", PythonPath.join(path.fallback()));
    daemon.ifPresent(ours -> environment.put("JOBSERVER_DAEMON_PATH", ours.way()));
    environment.put("SPARK_HOME", sparkHome.toString());
    environment.put("PYSPARK_PYTHON", conf.get(EXECUTORS_PYTHON));
    environment.put("PYSPARK_PIN_THREAD", "true");
    // Where it is random PySpark refuses to divide by the hash of strings.
    String seed = System.getenv("PYTHONHASHSEED");
    environment.put("PYTHONHASHSEED", seed == null ? "0" : seed);
    Interpreter interpreter =
        new Interpreter(
            packed.map(PackedEnvironment::python).orElse(settings.executable()),
            packed.isPresent() ? PackedEnvironment.SETTING : "python.executable",
            sparkHome,
            package$.MODULE$.SPARK_VERSION());
    return new Zygote.Command(interpreter, environment, socket, folder.log());
  }

  /** The installation that the driver runs on: the environment names it, or its jars do. */
  private static Path sparkHome() throws IOException {
    String home = System.getenv("SPARK_HOME");
    if (home != null && !home.isEmpty()) {
      return Path.of(home).toAbsolutePath().normalize();
    }
    URI jar =
        URI.create(
            SparkContext.class.getProtectionDomain().getCodeSource().getLocation().toString());
    Path jars = Path.of(jar).getParent();
    if (jars == null || jars.getParent() == null) {
      throw new IOException("SPARK_HOME is not set");
    }
    return jars.getParent();
  }
}
