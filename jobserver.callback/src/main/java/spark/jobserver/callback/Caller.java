package spark.jobserver.callback;

import java.io.IOException;

/** Makes calls, for any number of threads at once. */
@FunctionalInterface
interface Caller {
  /**
   * Sends a notice and waits for the answer.
   *
   * @return the answer's status
   * @throws IOException when there is none
   */
  int call(CallbackUrl url, Notice notice) throws IOException;

  /** Ends the calls that are under way, and makes no more. */
  default void close() {}
}
