package spark.jobserver.python.integration;

import java.util.concurrent.TimeUnit;

/** The processes below this one. */
final class Processes {
  private Processes() {}

  /** Waits for all to end, for those of executors that Spark has only asked to. */
  static void assertThatAllEnd() throws Exception {
    for (ProcessHandle process : ProcessHandle.current().descendants().toList()) {
      process.onExit().get(10, TimeUnit.SECONDS);
    }
  }
}
