package spark.jobserver.boot;

import org.apache.felix.framework.Logger;

/** What the framework itself has to say, on stderr: stdout belongs to whoever runs in it. */
final class FrameworkLog extends Logger {
  @Override
  protected void doLog(int level, String message, Throwable cause) {
    System.err.printf("%s: framework: %s%n", level == LOG_ERROR ? "ERROR" : "WARN", message);
    if (cause != null) {
      cause.printStackTrace();
    }
  }
}
