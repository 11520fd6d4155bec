package spark.jobserver.python.worker;

import java.util.Optional;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import spark.jobserver.api.Failure;

/**
 * The process, outside the job's own, whose end has made a job fail, as far as Spark tells it in an
 * exception's text. It does so in the same words from 3.5 to 4.3.
 *
 * @param executor Spark's id of the executor that it is, or that has started it
 */
record Casualty(String executor) {
  /** The id of the executor that a driver is in local mode; also stands for the driver. */
  static final String DRIVER = "driver";

  private static final Pattern LOST_TASK =
      Pattern.compile("Lost task \\S+ in stage \\S+ \\(TID \\d+\\) \\(\\S+ executor (\\S+)\\): ");

  private static final Pattern DEATH =
      Pattern.compile(
          """
          ExecutorLostFailure \\(|java\\.lang\\.OutOfMemoryError\
          |java\\.net\\.SocketException: (?:Connection reset|Broken pipe)\
          |Python worker exited unexpectedly|the Python worker to connect back\
          |Python worker failed to connect back\
          |SparkContext was shut down|stopped SparkContext|Master removed our application""");

  /** The process that a failure names; empty when the job has failed by itself. */
  static Optional<Casualty> namedBy(Failure failure) {
    String text = failure.message() + "\n" + failure.stack();
    Matcher task = LOST_TASK.matcher(text);
    boolean ofTask = task.find();
    Matcher death = DEATH.matcher(text).region(ofTask ? task.end() : 0, text.length());
    return death.find()
        ? Optional.of(new Casualty(ofTask ? task.group(1) : DRIVER))
        : Optional.empty();
  }

  boolean isDriver() {
    return executor.equals(DRIVER);
  }
}
