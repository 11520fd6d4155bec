package spark.jobserver.python.worker;

import java.io.File;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Optional;
import java.util.function.UnaryOperator;
import org.apache.spark.SparkConf;

/**
 * Our module in the place of PySpark's daemon, which forks the Python processes of an executor.
 *
 * <p>A task whose executor does not find the module fails, so it is used only where it is sure to
 * be found. Executors on a cluster start the daemon in the folder that Spark's files are brought to
 * before their first task. An executor within the driver, and what the driver itself runs in Python
 * to analyze a query, find the module through {@link #way()}, which is part of the environment of
 * all Python functions that jobs make.
 *
 * @param file the module, to be given to executors before any task
 */
record ExecutorDaemon(Path file) {
  private static final String MODULE = "sparkjobserver_daemon";
  private static final String DAEMON = "spark.python.daemon.module";
  private static final String ISOLATION = "spark.sql.artifact.isolation.enabled";
  private static final String PLUGINS = "spark.plugins";
  private static final String CONNECT = "SparkConnectPlugin";

  /**
   * Makes a context use the module, if it may.
   *
   * @param conf the context's configuration, complete but for this
   * @param folder where the module may be put
   * @return nothing where PySpark's own daemon is used, or another that was asked for
   */
  static Optional<ExecutorDaemon> use(
      SparkConf conf, PythonSettings settings, BundledPython python, Path folder)
      throws IOException {
    if (!settings.executorDaemon() || !mayBeUsed(key -> conf.get(key, ""))) {
      return Optional.empty();
    }
    conf.set(DAEMON, MODULE);
    return Optional.of(unpack(python, folder));
  }

  /**
   * Whether nobody asks for another, and all executors will find ours. Where sessions have files of
   * their own, executors start the daemon in a folder of the session; and clients of Spark Connect
   * make functions without our part in it.
   *
   * @param conf the value of a key, or an empty text
   */
  static boolean mayBeUsed(UnaryOperator<String> conf) {
    return conf.apply(DAEMON).isEmpty()
        && !Boolean.parseBoolean(conf.apply(ISOLATION))
        && !conf.apply(PLUGINS).contains(CONNECT);
  }

  /** Puts the module where it is found by its name. */
  static ExecutorDaemon unpack(BundledPython python, Path folder) throws IOException {
    Path file = Files.createDirectories(folder).resolve(MODULE + ".py");
    Files.write(file, Files.readAllBytes(python.executorDaemon()));
    return new ExecutorDaemon(file.toAbsolutePath().normalize());
  }

  /**
   * What a Python function has in its {@code PYTHONPATH} for the module to be found: the working
   * folder, which Python leaves out where {@code PYTHONSAFEPATH} is set, and the folder of the
   * file, which only this machine has.
   */
  String way() {
    return "." + File.pathSeparator + file.getParent();
  }
}
