package spark.jobserver.rest.integration;

import static org.assertj.core.api.Assertions.assertThat;

import java.net.Socket;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.CompletableFuture;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;
import spark.jobserver.api.Content;
import spark.jobserver.api.JobState;
import spark.jobserver.api.Progress;
import spark.jobserver.rest.FakeJobs;

/** What can be asked of one job. */
class JobIT extends RunningServer {
  private static final String UNKNOWN = "{'status': 'ERROR', 'result': 'No such job ID none'}";

  private void runs() {
    jobs.with(FakeJobs.started("j-1").in(JobState.RUNNING));
  }

  private void finished(String result) {
    jobs.with(FakeJobs.ended("j-1", JobState.FINISHED));
    jobs.results.put("j-1", Content.of(result.getBytes(StandardCharsets.UTF_8)));
  }

  // Progress

  @Test
  void aRunningJobSaysHowFarItIs() {
    runs();
    jobs.progress.put("j-1", new Progress(3, 1, 20, 12, 4, 1));
    assertThat(server.get("/jobs/j-1").json().get("progress"))
        .hasToString(
            "{\"stages\":3,\"completedStages\":1,\"tasks\":20,\"completedTasks\":12,"
                + "\"activeTasks\":4,\"failedTasks\":1}");
  }

  @Test
  void aJobWhoseProgressIsNotKnownHasNoSuchKey() {
    runs();
    assertThat(server.get("/jobs/j-1").json().has("progress")).isFalse();
  }

  // Entity tags

  @Test
  void aReportThatAClientHasIsNotSentAgain() {
    finished("[1]");
    Reply whole = server.get("/jobs/j-1");
    String tag = whole.header("ETag");
    assertThat(tag).matches("\"[0-9a-f]{32}\"");
    for (String known :
        List.of(tag, "W/" + tag, "\"x\", " + tag, "*", "\"x\"\nIf-None-Match: " + tag)) {
      Reply reply = server.sendForHead("GET /jobs/j-1", "If-None-Match: " + known + "\n");
      assertThat(reply.status()).as(known).isEqualTo(304);
      assertThat(reply.header("ETag")).isEqualTo(tag);
      assertThat(reply.headers()).doesNotContainKey("Content-Type");
      assertThat(reply.header("Content-Length"))
          .as("is that of the report, where it is given")
          .isIn("", whole.header("Content-Length"));
    }
  }

  @Test
  void whatIsNotSentAgainHasNoBody() throws Exception {
    finished("[1]");
    try (Socket socket = server.connect()) {
      byte[] request = Server.head("GET /jobs/j-1", "If-None-Match: *\nConnection: close\n", 0);
      socket.getOutputStream().write(request);
      String answer = new String(socket.getInputStream().readAllBytes(), StandardCharsets.US_ASCII);
      assertThat(answer)
          .startsWith("HTTP/1.1 304 ")
          .endsWith("\r\n\r\n")
          .containsOnlyOnce("\r\n\r\n");
    }
  }

  @Test
  void aReportThatHasChangedIsSentAgain() {
    runs();
    String running = server.get("/jobs/j-1").header("ETag");
    jobs.progress.put("j-1", new Progress(1, 0, 1, 0, 1, 0));
    String further = server.get("/jobs/j-1").header("ETag");
    finished("[1]");
    Reply reply =
        server.send("GET /jobs/j-1", "If-None-Match: " + running + ", " + further + "\n", "");
    assertThat(reply.status()).isEqualTo(200);
    assertThat(reply.body()).endsWith("\"result\":[1]}");
    assertThat(List.of(running, further, reply.header("ETag"))).doesNotHaveDuplicates();
  }

  // HEAD

  @Test
  void headHasTheHeadersAndNoBody(@TempDir Path folder) throws Exception {
    finished("[1, 2, 3]");
    jobs.configs.put("j-1", "{}");
    jobs.logs.put("j-1", Files.writeString(folder.resolve("log"), "a line\n"));
    for (String path : List.of("/jobs/j-1", "/jobs/j-1/result", "/jobs/j-1/log", "/jobs")) {
      Reply get = server.get(path);
      Reply head = server.sendForHead("HEAD " + path, "");
      assertThat(head.status()).as(path).isEqualTo(200);
      assertThat(head.header("Content-Type")).isEqualTo(get.header("Content-Type"));
      assertThat(head.header("ETag")).isEqualTo(get.header("ETag"));
    }
    assertThat(server.sendForHead("HEAD /jobs/j-1/result", "").header("Content-Length"))
        .isEqualTo("9");
  }

  // wait

  @Test
  void aClientThatWaitsIsAnsweredWhenTheJobEnds() {
    runs();
    CompletableFuture<Reply> reply = later(() -> server.get("/jobs/j-1?wait=600"));
    Server.until(() -> jobs.ends.containsKey("j-1"));
    assertThat(reply).isNotDone();
    jobs.results.put("j-1", Content.of("7".getBytes(StandardCharsets.UTF_8)));
    jobs.end("j-1", JobState.FINISHED);
    assertThat(reply.join().body()).endsWith("\"status\":\"FINISHED\",\"result\":7}");
  }

  @Test
  void aClientThatWaitsIsToldWhatIsWhenTheTimeIsOver() {
    runs();
    assertThat(server.get("/jobs/j-1?wait=1").json().get("status").textValue())
        .isEqualTo("RUNNING");
  }

  @Test
  void aJobThatHasEndedIsNotWaitedFor() {
    jobs.with(FakeJobs.ended("j-1", JobState.ERROR));
    assertThat(server.get("/jobs/j-1?wait=600").json().get("status").textValue())
        .isEqualTo("ERROR");
  }

  @Test
  void aJobThatIsNotThereIsNotWaitedFor() {
    server.get("/jobs/none?wait=600").isJson(404, UNKNOWN);
  }

  @Test
  void whoWaitsHoldsNoThread() {
    runs();
    long before = threads();
    List<CompletableFuture<Reply>> replies = new ArrayList<>();
    for (int i = 0; i < 50; i++) {
      replies.add(later(() -> server.get("/jobs/j-1?wait=600")));
    }
    Server.until(() -> jobs.ends.containsKey("j-1"));
    Server.until(() -> idle() == threads());
    assertThat(threads() - before).isLessThan(50);
    assertThat(jobs.endsAsked).as("the core is asked once").hasValue(1);
    jobs.end("j-1", JobState.KILLED);
    for (CompletableFuture<Reply> reply : replies) {
      assertThat(reply.join().json().get("status").textValue()).isEqualTo("KILLED");
    }
  }

  private static long threads() {
    return restThreads().size();
  }

  private static long idle() {
    return restThreads().stream()
        .filter(thread -> thread.getState() == Thread.State.TIMED_WAITING)
        .count();
  }

  private static List<Thread> restThreads() {
    return Thread.getAllStackTraces().keySet().stream()
        .filter(thread -> thread.getName().startsWith("rest-"))
        .toList();
  }

  @ParameterizedTest
  @ValueSource(strings = {"x", "-1", "1.5", ""})
  void theTimeToWaitIsAWholeNumber(String wait) {
    Reply reply = server.get("/jobs/none?wait=" + wait);
    reply.isText(400, reply.body());
    assertThat(reply.body()).startsWith("The query parameter 'wait' was malformed: ");
  }

  // Configuration and result

  @Test
  void theConfigurationIsTheOneThatWasPosted() {
    runs();
    jobs.configs.put("j-1", "{\"a\":{\"ä\":1}}");
    server.get("/jobs/j-1/config").isJson(200, "{'a': {'ä': 1}}");
    server.get("/jobs/none/config").isJson(404, UNKNOWN);
  }

  @Test
  void theResultAloneIsItsJsonText() {
    finished("[1.0,null]");
    Reply reply = server.get("/jobs/j-1/result");
    reply.isJson(200, "[1.0,null]");
    assertThat(reply.body()).isEqualTo("[1.0,null]");
    server.get("/jobs/none/result").isJson(404, UNKNOWN);
  }

  @ParameterizedTest
  @CsvSource({"STARTED, RUNNING", "RUNNING, RUNNING"})
  void aJobThatRunsHasNoResultYet(JobState state, String shown) {
    jobs.with(FakeJobs.started("j-1").in(state));
    server
        .get("/jobs/j-1/result")
        .isJson(409, "{'status': 'ERROR', 'result': 'Job j-1 is " + shown + " and has no result'}");
  }

  @ParameterizedTest
  @ValueSource(strings = {"ERROR", "KILLED"})
  void aJobThatFailedHasNoResult(JobState state) {
    jobs.with(FakeJobs.ended("j-1", state));
    server
        .get("/jobs/j-1/result")
        .isJson(409, "{'status': 'ERROR', 'result': 'Job j-1 is " + state + " and has no result'}");
  }

  // Log

  private void log(Path folder, String text) throws Exception {
    runs();
    jobs.logs.put("j-1", Files.writeString(folder.resolve("log"), text));
  }

  private void isLog(String query, String text, int next) {
    Reply reply = server.get("/jobs/j-1/log" + query);
    reply.isText(200, text);
    assertThat(reply.header("Log-Next-Offset")).isEqualTo(String.valueOf(next));
  }

  @Test
  void theLogIsWhatTheJobHasWritten(@TempDir Path folder) throws Exception {
    log(folder, "eins\nzwöi\n");
    isLog("", "eins\nzwöi\n", 11);
    server.get("/jobs/none/log").isJson(404, UNKNOWN);
  }

  @Test
  void aJobThatHasWrittenNothingHasAnEmptyLog(@TempDir Path folder) throws Exception {
    runs();
    isLog("", "", 0);
    isLog("?tail=3", "", 0);
    isLog("?offset=3", "", 0);
    jobs.logs.put("j-1", folder.resolve("was-removed"));
    isLog("", "", 0);
  }

  @Test
  void aLogCanBeReadOnFromWhereItEnded(@TempDir Path folder) throws Exception {
    log(folder, "one\ntwo\n");
    isLog("?offset=4", "two\n", 8);
    isLog("?offset=8", "", 8);
    isLog("?offset=999999999999999999", "", 8);
    log(folder, "one\ntwo\nthree\n");
    isLog("?offset=8", "three\n", 14);
  }

  @ParameterizedTest
  @CsvSource({
    "0, ''",
    "1, 'c'",
    "2, 'b|c'",
    "3, 'a|b|c'",
    "4, 'a|b|c'",
    "2147483647, 'a|b|c'",
  })
  void theLastLinesMayHaveNoEnd(int tail, String lines, @TempDir Path folder) throws Exception {
    log(folder, "a\nb\nc");
    isLog("?tail=" + tail, lines.replace('|', '\n'), 5);
    log(folder, "a\nb\nc\n");
    isLog("?tail=" + tail, lines.replace('|', '\n') + (tail == 0 ? "" : "\n"), 6);
  }

  @ParameterizedTest
  @CsvSource({"'|', 1, '|'", "'||', 1, '|'", "'||', 2, '||'", "'a||', 1, '|'", "'a||', 2, 'a||'"})
  void anEmptyLineIsALine(String text, int tail, String lines, @TempDir Path folder)
      throws Exception {
    log(folder, text.replace('|', '\n'));
    isLog("?tail=" + tail, lines.replace('|', '\n'), text.length());
  }

  @Test
  void theLastLinesMayBeLong(@TempDir Path folder) throws Exception {
    String line = "x".repeat(20_000) + "\n";
    log(folder, line.repeat(3));
    isLog("?tail=2", line.repeat(2), 60_003);
  }

  @Test
  void anOffsetCountsMoreThanATail(@TempDir Path folder) throws Exception {
    log(folder, "one\ntwo\nthree\n");
    isLog("?offset=4&tail=1", "two\nthree\n", 14);
  }

  /** While a job runs that prints too much, the middle of its log is zeros on no disk. */
  @Test
  void theZerosInTheMiddleOfALogAreNotTold(@TempDir Path folder) throws Exception {
    String zeros = "\0".repeat(200_000);
    log(folder, "one\n" + zeros + "two\n");
    isLog("", "one\ntwo\n", 200_008);
    isLog("?offset=1", "ne\ntwo\n", 200_008);
    isLog("?offset=100000", "two\n", 200_008);
    isLog("?tail=2", "one\ntwo\n", 200_008);
    log(folder, "one\n" + zeros);
    isLog("", "one\n", 200_004);
  }

  @ParameterizedTest
  @ValueSource(strings = {"offset=-1", "offset=x", "tail=-1", "tail=1.5", "offset="})
  void offsetAndTailAreNumbers(String parameter, @TempDir Path folder) throws Exception {
    log(folder, "one\n");
    assertThat(server.get("/jobs/j-1/log?" + parameter).status()).isEqualTo(400);
  }
}
