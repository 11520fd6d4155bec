package spark.jobserver.python.worker;

import com.typesafe.config.Config;
import com.typesafe.config.ConfigValueType;
import java.nio.file.InvalidPathException;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.List;
import java.util.Optional;

/**
 * What a context's settings say of its Python processes.
 *
 * @param executable {@code python.executable}: the interpreter, by name or path
 * @param environment {@code python.environment}: the archive of a packed environment, whose
 *     interpreter takes the place of {@code executable}
 * @param paths {@code python.paths}: what is put on its path
 * @param idleWorkers {@code python.workers.idle}: how many attached workers wait for a job
 * @param mostIdleWorkers {@code python.workers.most-idle}: how many do where jobs come fast
 * @param reuseWorkers {@code python.workers.reuse}: whether a worker runs one job after another
 *     with the same binary, or only one
 * @param executorDaemon {@code python.executor-daemon}: whether our module forks the Python
 *     processes of executors
 * @param workerMemory {@code python.workers.max-memory}: how many bytes of memory of its own each
 *     process of a job may have; 0 for any
 * @param longestResult {@code max-result-size}: how many bytes of JSON a job's result may have
 * @param longestLog {@code job-log.max-size}: how many bytes are kept of what a job prints
 */
record PythonSettings(
    String executable,
    Optional<Path> environment,
    List<String> paths,
    int idleWorkers,
    int mostIdleWorkers,
    boolean reuseWorkers,
    boolean executorDaemon,
    long workerMemory,
    long longestResult,
    long longestLog) {
  private static final int MOST_IDLE = 64;
  private static final long LEAST_MEMORY = 64 << 20;
  private static final long RESULT = 256 << 20;

  /** No longer frame is sent between the processes. */
  private static final long LARGEST_RESULT = Integer.MAX_VALUE;

  private static final long SHORTEST_LOG = 64 << 10;
  private static final long LONGEST_LOG = 10 << 20;

  PythonSettings {
    paths = List.copyOf(paths);
    if (executable.isBlank()) {
      throw new IllegalArgumentException("python.executable is empty");
    }
    requireIdle("python.workers.idle", idleWorkers);
    requireIdle("python.workers.most-idle", mostIdleWorkers);
    if (workerMemory != 0 && workerMemory < LEAST_MEMORY) {
      throw new IllegalArgumentException(
          "python.workers.max-memory is %d bytes, less than %d; 0 is no limit"
              .formatted(workerMemory, LEAST_MEMORY));
    }
    if (longestResult < 1 || longestResult > LARGEST_RESULT) {
      throw new IllegalArgumentException(
          "max-result-size is %d bytes, not a number from 1 to %d"
              .formatted(longestResult, LARGEST_RESULT));
    }
    if (longestLog < SHORTEST_LOG) {
      throw new IllegalArgumentException(
          "job-log.max-size is %d bytes, less than %d".formatted(longestLog, SHORTEST_LOG));
    }
  }

  static PythonSettings of(Config settings) {
    return new PythonSettings(
        settings.hasPath("python.executable") ? settings.getString("python.executable") : "python3",
        environment(settings),
        settings.hasPath("python.paths") ? paths(settings) : List.of(),
        settings.hasPath("python.workers.idle") ? settings.getInt("python.workers.idle") : 2,
        settings.hasPath("python.workers.most-idle")
            ? settings.getInt("python.workers.most-idle")
            : 8,
        settings.hasPath("python.workers.reuse") && settings.getBoolean("python.workers.reuse"),
        !settings.hasPath("python.executor-daemon")
            || settings.getBoolean("python.executor-daemon"),
        settings.hasPath("python.workers.max-memory")
            ? settings.getBytes("python.workers.max-memory")
            : 0,
        settings.hasPath("max-result-size") ? settings.getBytes("max-result-size") : RESULT,
        settings.hasPath("job-log.max-size") ? settings.getBytes("job-log.max-size") : LONGEST_LOG);
  }

  private static Optional<Path> environment(Config settings) {
    if (!settings.hasPath(PackedEnvironment.SETTING)) {
      return Optional.empty();
    }
    String file = settings.getString(PackedEnvironment.SETTING);
    try {
      return file.isBlank() ? Optional.empty() : Optional.of(Path.of(file));
    } catch (InvalidPathException e) {
      throw new IllegalArgumentException(
          PackedEnvironment.SETTING + " is no path: " + e.getMessage(), e);
    }
  }

  /** A list, or from a query one text with commas. */
  private static List<String> paths(Config settings) {
    if (settings.getValue("python.paths").valueType() == ConfigValueType.LIST) {
      return settings.getStringList("python.paths");
    }
    return Arrays.stream(settings.getString("python.paths").split(",", -1))
        .map(String::strip)
        .filter(path -> !path.isEmpty())
        .toList();
  }

  private static void requireIdle(String key, int value) {
    if (value < 0 || value > MOST_IDLE) {
      throw new IllegalArgumentException(
          "%s is %d, not a number from 0 to %d".formatted(key, value, MOST_IDLE));
    }
  }
}
