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
 */
record PythonSettings(String executable, List<String> paths, int idleWorkers) {
  private static final int MOST_IDLE = 64;

  PythonSettings {
    paths = List.copyOf(paths);
    if (executable.isBlank()) {
      throw new IllegalArgumentException("python.executable is empty");
    }
    if (idleWorkers < 0 || idleWorkers > MOST_IDLE) {
      throw new IllegalArgumentException(
          "python.workers.idle is %d, not a number from 0 to %d".formatted(idleWorkers, MOST_IDLE));
    }
  }

  static PythonSettings of(Config settings) {
    return new PythonSettings(
        settings.hasPath("python.executable") ? settings.getString("python.executable") : "python3",
        settings.hasPath("python.paths") ? paths(settings) : List.of(),
        settings.hasPath("python.workers.idle") ? settings.getInt("python.workers.idle") : 2);
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
