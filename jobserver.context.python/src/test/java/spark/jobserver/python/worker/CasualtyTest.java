package spark.jobserver.python.worker;

import static org.assertj.core.api.Assertions.assertThat;

import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;
import spark.jobserver.api.Failure;

class CasualtyTest {
  private static final String ABORTED =
      """
      An error occurred while calling z:org.apache.spark.api.python.PythonRDD.collectAndServe.
      : org.apache.spark.SparkException: Job aborted due to stage failure: Task 0 in stage 2.0 failed \
      4 times, most recent failure: Lost task 0.3 in stage 2.0 (TID 7) (10.0.0.2 executor 1): %s

      Driver stacktrace:
      \tat org.apache.spark.scheduler.DAGScheduler.abortStage(DAGScheduler.scala:2935)
      """;

  private static Failure failure(String message) {
    return new Failure(message, "py4j.protocol.Py4JJavaError", "Traceback:\n" + message);
  }

  @ParameterizedTest
  @ValueSource(
      strings = {
        "ExecutorLostFailure (executor 1 exited caused by one of the running tasks) Reason: Command"
            + " exited with code 137",
        "org.apache.spark.SparkException: Python worker exited unexpectedly (crashed)",
        "java.net.SocketException: Connection reset",
        "java.lang.OutOfMemoryError: Java heap space",
        "org.apache.spark.SparkException: Python worker failed to connect back.",
      })
  void anExecutorThatIsLostOrHasLostItsPythonIsNamed(String reason) {
    assertThat(Casualty.namedBy(failure(ABORTED.formatted(reason)))).contains(new Casualty("1"));
  }

  @Test
  void inLocalModeItIsTheDriver() {
    String text =
        ABORTED
            .formatted(
                "org.apache.spark.SparkException: Python worker exited unexpectedly (crashed)")
            .replace("executor 1)", "executor driver)");
    assertThat(Casualty.namedBy(failure(text)).orElseThrow().isDriver()).isTrue();
  }

  @ParameterizedTest
  @ValueSource(
      strings = {
        "org.apache.spark.SparkException: Job 3 cancelled because SparkContext was shut down",
        "java.lang.IllegalStateException: Cannot call methods on a stopped SparkContext.",
        "java.lang.OutOfMemoryError: Java heap space",
      })
  void whatEndsWithTheDriverIsItsOwn(String text) {
    assertThat(Casualty.namedBy(failure(text))).contains(new Casualty(Casualty.DRIVER));
  }

  @ParameterizedTest
  @ValueSource(
      strings = {
        "org.apache.spark.api.python.PythonException: Traceback (most recent call last):",
        "java.io.FileNotFoundException: there is none",
        "org.apache.spark.api.python.PythonException: ConnectionResetError: Connection reset by peer",
      })
  void whatAFunctionOfTheAuthorsRaisesKillsNobody(String reason) {
    assertThat(Casualty.namedBy(failure(ABORTED.formatted(reason)))).isEmpty();
  }

  @Test
  void neitherDoesAnErrorOfTheJobItself() {
    assertThat(Casualty.namedBy(new Failure("no such key", "KeyError", "Traceback ..."))).isEmpty();
  }
}
