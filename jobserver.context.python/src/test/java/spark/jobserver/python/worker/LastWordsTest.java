package spark.jobserver.python.worker;

import static java.nio.charset.StandardCharsets.UTF_8;
import static org.assertj.core.api.Assertions.assertThat;

import com.sun.net.httpserver.HttpServer;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.net.URI;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Optional;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import spark.jobserver.api.Failure;

class LastWordsTest {
  private static final Failure LOST =
      new Failure(
          "Lost task 0.0 in stage 0.0 (TID 0) (10.0.0.2 executor 1): ExecutorLostFailure (it is)",
          "py4j.protocol.Py4JJavaError",
          "Traceback\n");
  private static final Failure SHUT_DOWN =
      new Failure("SparkContext was shut down", "py4j.protocol.Py4JJavaError", "Traceback\n");

  @TempDir Path folder;
  private Path driverLog;
  private Path jobLog;
  private HttpServer worker;
  private String query;
  private String answer = "";

  @BeforeEach
  void start() throws Exception {
    driverLog = folder.resolve("driver.log");
    jobLog = folder.resolve("job.log");
    Files.writeString(jobLog, "printed\nTraceback\n");
    worker = HttpServer.create(new InetSocketAddress(InetAddress.getLoopbackAddress(), 0), 0);
    worker.createContext(
        "/log/",
        exchange -> {
          query = exchange.getRequestURI().getQuery();
          byte[] bytes = answer.getBytes(UTF_8);
          exchange.sendResponseHeaders(200, bytes.length);
          exchange.getResponseBody().write(bytes);
          exchange.close();
        });
    worker.start();
  }

  @AfterEach
  void stop() {
    worker.stop(0);
  }

  private URI address(String path) {
    return URI.create("http://127.0.0.1:%d%s".formatted(worker.getAddress().getPort(), path));
  }

  private LastWords words(URI address) {
    return new LastWords(
        driverLog, executor -> executor.equals("1") ? Optional.of(address) : Optional.empty());
  }

  @Test
  void ofALostExecutorTheEndOfItsStandardErrorIsTold() throws Exception {
    URI page = address("/logPage/?appId=a&executorId=1&logType=stderr");
    answer =
        """
        ==== Bytes 0-9 of 9 of /work/a/1/stderr ====
        26/01/01 12:00:00 INFO Executor: of no use
        a library: there is no room
        """;

    Failure told = words(page).added(LOST, 0, jobLog);

    String heading = "The standard error of executor 1 (" + page + "), its last lines:\n\n";
    assertThat(told.message()).isEqualTo(LOST.message());
    assertThat(told.stack()).isEqualTo("Traceback\n\n" + heading + "a library: there is no room\n");
    assertThat(jobLog).content().isEqualTo("printed\n" + told.stack());
    assertThat(query).startsWith("appId=a&executorId=1&logType=stderr&byteLength=");
  }

  @Test
  void whereItCannotBeHadItIsToldWhereItIs() throws Exception {
    URI page = address("/logPage/?appId=a&executorId=1&logType=stderr");
    answer = "Error: invalid log directory /work/a/1/\n";
    assertThat(words(page).added(LOST, 0, jobLog).stack())
        .endsWith(
            "executor 1 (" + page + ") cannot be had: Error: invalid log directory /work/a/1/\n");

    URI closed = URI.create("http://127.0.0.1:1/logPage/?appId=a&executorId=1&logType=stderr");
    assertThat(words(closed).added(LOST, 0, jobLog).stack()).contains(closed + ") cannot be had: ");

    URI people = address("/node/containerlogs/c/user/stderr");
    assertThat(words(people).added(LOST, 0, jobLog).stack())
        .endsWith("The standard error of executor 1 (" + people + ") has more.\n");
  }

  @Test
  void ofTheDriversLogOnlyWhatWasWrittenWhileTheJobRanIsTold() throws Exception {
    Files.writeString(driverLog, "ERROR of another job\n");
    LastWords words = words(address("/"));
    long mark = words.mark();
    Files.writeString(driverLog, "ERROR of another job\nERROR all masters are gone\n");

    assertThat(words.added(SHUT_DOWN, mark, jobLog).stack())
        .isEqualTo(
            """
            Traceback

            The driver's log, its last lines since the job began:

            ERROR all masters are gone
            """);
  }

  @Test
  void whatSparkItselfTellsOfTheDeathDoesNotLeaveNoRoomForTheReason() throws Exception {
    String spark = "26/01/01 12:00:00 WARN TaskSetManager: Lost task\n".repeat(50);
    Files.writeString(driverLog, "a library: there is no room\n" + spark);

    assertThat(words(address("/")).added(SHUT_DOWN, 0, jobLog).stack())
        .contains("a library: there is no room\n");
  }

  @Test
  void whereThereIsNothingToTellAllStaysAsItIs() {
    LastWords words = words(address("/"));

    assertThat(words.added(SHUT_DOWN, words.mark(), jobLog)).isEqualTo(SHUT_DOWN);
    Failure own = new Failure("no such key", "KeyError", "Traceback\n");
    assertThat(words.added(own, 0, jobLog)).isEqualTo(own);
    assertThat(jobLog).hasContent("printed\nTraceback\n");
  }
}
