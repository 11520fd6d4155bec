package spark.jobserver.python.worker;

import com.typesafe.config.Config;
import com.typesafe.config.ConfigValueType;
import java.util.Arrays;
import java.util.List;

/**
 * What a context's settings say of its Python processes.
 *
 * @param executable {@code python.executable}: the interpreter, by name or path
 * @param paths {@code python.paths}: what is put on its path
 * @param idleWorkers {@code python.workers.idle}: how many attached workers wait for a job
 * @param longestLog {@code job-log.max-size}: how many bytes are kept of what a job prints
 */
record PythonSettings(String executable, List<String> paths, int idleWorkers, long longestLog) {
  private static final int MOST_IDLE = 64;
  private static final long SHORTEST_LOG = 64 << 10;
  private static final long LONGEST_LOG = 10 << 20;

  PythonSettings {
    paths = List.copyOf(paths);
    if (executable.isBlank()) {
      throw new IllegalArgumentException("python.executable is empty");
    }
    if (idleWorkers < 0 || idleWorkers > MOST_IDLE) {
      throw new IllegalArgumentException(
          "python.workers.idle is %d, not a number from 0 to %d".formatted(idleWorkers, MOST_IDLE));
    }
    if (longestLog < SHORTEST_LOG) {
      throw new IllegalArgumentException(
          "job-log.max-size is %d bytes, less than %d".formatted(longestLog, SHORTEST_LOG));
    }
  }

  static PythonSettings of(Config settings) {
    return new PythonSettings(
        settings.hasPath("python.executable") ? settings.getString("python.executable") : "python3",
        settings.hasPath("python.paths") ? paths(settings) : List.of(),
        settings.hasPath("python.workers.idle") ? settings.getInt("python.workers.idle") : 2,
        settings.hasPath("job-log.max-size") ? settings.getBytes("job-log.max-size") : LONGEST_LOG);
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
}
