package spark.jobserver.launcher;

import java.nio.file.Path;
import java.util.Optional;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import spark.jobserver.api.context.ContextRequest;

/**
 * What a later server needs to find a driver again.
 *
 * @param pid the id of its process
 * @param startTime when it started, in the kernel's ticks since boot
 * @param marker the value of {@link #VARIABLE} in its environment and that of all it starts
 * @param folder its own folder
 */
record DriverReference(long pid, long startTime, String marker, Path folder) {
  /** The variable of the environment by which everything that a driver starts is known. */
  static final String VARIABLE = "JOBSERVER_DRIVER";

  private static final Pattern LINE = Pattern.compile("(\\d{1,18}) (\\d{1,18}) (\\S+) (.+)");

  /** Reads {@link #line()} again. */
  static Optional<DriverReference> parse(String line) {
    Matcher matcher = LINE.matcher(line.strip());
    if (!matcher.matches()) {
      return Optional.empty();
    }
    return Optional.of(
        new DriverReference(
            Long.parseLong(matcher.group(1)),
            Long.parseLong(matcher.group(2)),
            matcher.group(3),
            Path.of(matcher.group(4))));
  }

  static String marker(String contextId, int epoch) {
    return contextId + "." + epoch;
  }

  String line() {
    return pid + " " + startTime + " " + marker + " " + folder;
  }

  Path log() {
    return ContextRequest.driverLog(folder);
  }

  /** Whether the driver's process itself still runs. */
  boolean runs() {
    return ProcessEntry.find(pid).filter(this::is).isPresent();
  }

  private boolean is(ProcessEntry entry) {
    return entry.pid() == pid && entry.startTime() == startTime;
  }

  boolean marks(ProcessEntry entry) {
    return is(entry) || entry.hasVariable(VARIABLE + "=" + marker);
  }
}
