package spark.jobserver.rest.integration;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.io.BufferedInputStream;
import java.io.ByteArrayInputStream;
import java.io.IOException;
import java.io.InputStream;
import java.io.SequenceInputStream;
import java.net.Socket;
import java.net.URLEncoder;
import java.nio.charset.StandardCharsets;
import java.time.Instant;
import java.time.ZoneId;
import java.time.format.DateTimeFormatter;
import java.util.Arrays;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.UUID;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CompletionException;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;
import spark.jobserver.api.Content;
import spark.jobserver.api.JobFilter;
import spark.jobserver.api.JobState;
import spark.jobserver.api.server.ErrorCode;
import spark.jobserver.api.server.Jobs.Ended;
import spark.jobserver.api.server.Jobs.JobSubmission;
import spark.jobserver.api.server.Jobs.SubmissionKey;
import spark.jobserver.api.server.JobserverException;
import spark.jobserver.rest.FakeJobs;

class JobsIT extends RunningServer {
  private static final String ASYNC = "POST /jobs?appName=app&classPath=m.Job&context=ctx";
  private static final String SYNC = ASYNC + "&sync=true";
  private static final String FAILURE =
      "{'message': 'no', 'errorClass': 'builtins.ValueError', 'stack': 'line 1\\nline 2'}";

  private static final Set<JobState> SHOWN =
      Set.of(JobState.RUNNING, JobState.FINISHED, JobState.ERROR, JobState.KILLED);

  /** A report of the fake's job, whose start is written in the zone of this machine. */
  private static String report(String id, String duration, String status, String more) {
    return """
        {'jobId': '%s', 'startTime': '%s', 'classPath': 'm.Job', 'context': 'ctx',
         'contextId': 'c-1', 'duration': '%s', 'status': '%s' %s}
        """
        .formatted(id, startTime(), duration, status, more);
  }

  private static String startTime() {
    return DateTimeFormatter.ofPattern("uuuu-MM-dd'T'HH:mm:ss.SSSXXX")
        .withZone(ZoneId.systemDefault())
        .format(FakeJobs.START);
  }

  private static String running(String id, String status) {
    return report(id, "Job not done yet", status, "");
  }

  private static String ended(String id, JobState state, String more) {
    return report(id, "300.0 secs", state.name(), more);
  }

  @Test
  void theListHasJobsInTheOrderOfTheCoreAndNoResults() {
    jobs.listed =
        List.of(
            FakeJobs.started("j-5"),
            FakeJobs.started("j-4").in(JobState.RUNNING),
            FakeJobs.ended("j-3", JobState.FINISHED),
            FakeJobs.ended("j-2", JobState.ERROR),
            FakeJobs.ended("j-1", JobState.KILLED));
    server
        .get("/jobs")
        .isJson(
            200,
            "[%s, %s, %s, %s, %s]"
                .formatted(
                    running("j-5", "RUNNING"),
                    running("j-4", "RUNNING"),
                    ended("j-3", JobState.FINISHED, ""),
                    ended("j-2", JobState.ERROR, ", 'result': " + FAILURE),
                    ended("j-1", JobState.KILLED, ", 'result': " + FAILURE)));
    assertThat(jobs.limit).isEqualTo(50 + 1);
    assertThat(jobs.filter.states()).isEqualTo(SHOWN);
  }

  @Test
  void theListCanBeLimitedAndAskedForAState() {
    server.get("/jobs?limit=7&status=fiNished").isJson(200, "[]");
    assertThat(jobs.limit).isEqualTo(7 + 1);
    assertThat(jobs.filter)
        .isEqualTo(
            new JobFilter(
                Set.of(JobState.FINISHED),
                Optional.empty(),
                Optional.empty(),
                Optional.empty(),
                Optional.empty(),
                Optional.empty()));
  }

  @Test
  void theListCanBeAskedForAContextAClassAndATime() {
    server
        .get("/jobs?context=a%2Bb&classPath=m.Job&since=2026-01-31T23:59:59%2B01:00")
        .isJson(200, "[]");
    assertThat(jobs.filter)
        .isEqualTo(
            new JobFilter(
                SHOWN,
                Optional.of("a+b"),
                Optional.of("m.Job"),
                Optional.of(Instant.parse("2026-01-31T22:59:59Z")),
                Optional.empty(),
                Optional.empty()));
  }

  @Test
  void thePlusOfATimeZoneNeedNotBeEncoded() {
    server.get("/jobs?since=2026-01-31T23:59:59+01:00").isJson(200, "[]");
    assertThat(jobs.filter.since()).contains(Instant.parse("2026-01-31T22:59:59Z"));
  }

  @ParameterizedTest
  @ValueSource(
      strings = {
        "since=yesterday",
        "since=2026-01-31",
        "since=",
        "since=%2B999999999-01-01T00:00:00Z",
        "after=x",
        "after=",
        "after=1-G",
        "after=1234567890123456-a"
      })
  void aTimeOrPlaceThatIsNoneIsMalformed(String parameter) {
    Reply reply = server.get("/jobs?" + parameter);
    reply.isText(400, reply.body());
    assertThat(reply.body())
        .startsWith(
            "The query parameter '"
                + parameter.substring(0, parameter.indexOf('='))
                + "' was malformed: '");
  }

  @Test
  void aListThatIsWholeLeadsNowhere() {
    jobs.listed = List.of(FakeJobs.started(uuid(2)), FakeJobs.started(uuid(1)));
    for (String limit : List.of("2", "3")) {
      Reply reply = server.get("/jobs?limit=" + limit);
      assertThat(reply.json()).hasSize(2);
      assertThat(reply.headers()).doesNotContainKey("Link");
    }
  }

  @Test
  void aLimitOfNoneHasNoJobs() {
    jobs.listed = List.of(FakeJobs.started(uuid(1)));
    Reply reply = server.get("/jobs?limit=0");
    reply.isJson(200, "[]");
    assertThat(reply.headers()).doesNotContainKey("Link");
  }

  @Test
  void aListThatGoesOnLeadsToTheRestOfIt() {
    jobs.listed =
        List.of(FakeJobs.started(uuid(3)), FakeJobs.started(uuid(2)), FakeJobs.started(uuid(1)));
    Reply reply = server.get("/jobs?limit=2");
    assertThat(reply.json()).hasSize(2);
    String next = next(reply);
    server.get(next);
    assertThat(jobs.limit).isEqualTo(2 + 1);
    assertThat(jobs.filter.after()).contains(new JobFilter.Place(FakeJobs.START, uuid(2)));
  }

  @ParameterizedTest
  @ValueSource(strings = {"a b", "a+b", "a&b=c", "ä€😀", "a%b", "\">;, <", "a/b?c#d", "'*~"})
  void theWayToTheRestKeepsTheFilterWhateverItsCharacters(String odd) {
    jobs.listed = List.of(FakeJobs.started(uuid(2)), FakeJobs.started(uuid(1)));
    Reply reply =
        server.get(
            "/jobs?limit=1&status=running&since=2026-01-31T23:59:59%2B01:00&context="
                + URLEncoder.encode(odd, StandardCharsets.UTF_8));
    jobs.filter = JobFilter.ALL;
    server.get(next(reply));
    assertThat(jobs.filter)
        .isEqualTo(
            new JobFilter(
                Set.of(JobState.RUNNING),
                Optional.of(odd),
                Optional.empty(),
                Optional.of(Instant.parse("2026-01-31T22:59:59Z")),
                Optional.of(new JobFilter.Place(FakeJobs.START, uuid(2))),
                Optional.empty()));
  }

  @Test
  void theWayToTheRestHasNothingButTheFilter() {
    jobs.listed = List.of(FakeJobs.started(uuid(2)), FakeJobs.started(uuid(1)));
    String other = "x".repeat(5_000);
    assertThat(next(server.get("/jobs?limit=1&status=running&other=" + other)))
        .startsWith("/jobs?limit=1&status=running&after=")
        .doesNotContain("x");
  }

  @Test
  void aFilterThatIsTooLongForTheWayToTheRestIsRefused() {
    jobs.listed = List.of(FakeJobs.started(uuid(2)), FakeJobs.started(uuid(1)));
    next(server.get("/jobs?limit=1&context=" + "'".repeat(1_990)));
    server
        .get("/jobs?limit=1&context=" + "'".repeat(2_000))
        .isText(400, "The filter is too long: encoded it may have 6000 characters.");
  }

  private static String next(Reply page) {
    Matcher link = Pattern.compile("<([^<>]+)>; rel=\"next\"").matcher(page.header("Link"));
    assertThat(link.matches()).as("Link: %s", page.header("Link")).isTrue();
    return link.group(1);
  }

  private static String uuid(int number) {
    return new UUID(0, number).toString();
  }

  @ParameterizedTest
  @ValueSource(strings = {"nonsense", "STARTED", ""})
  void noJobIsInAStateThatIsNotKnown(String status) {
    jobs.listed = List.of(FakeJobs.started("j-1"));
    server.get("/jobs?status=" + status).isJson(200, "[]");
  }

  @ParameterizedTest
  @ValueSource(strings = {"x", "-1", "1.5", "", "2147483648"})
  void aLimitIsAWholeNumber(String limit) {
    server
        .get("/jobs?limit=" + limit)
        .isText(
            400,
            "The query parameter 'limit' was malformed: '%s' is not a whole number from 0 to 2147483647"
                .formatted(limit));
  }

  @Test
  void aJobThatWasOnlyJustStartedIsToldAsRunning() {
    jobs.with(FakeJobs.started("j-1"));
    server.get("/jobs/j-1").isJson(200, running("j-1", "RUNNING"));
  }

  @ParameterizedTest
  @ValueSource(strings = {"null", "1250.0", "[[20,1250.0],[21,1500.0]]", "{\"ä\":\"\\u0000\"}"})
  void aFinishedJobHasItsResultByteByByte(String result) {
    jobs.with(FakeJobs.ended("j-1", JobState.FINISHED));
    jobs.results.put("j-1", content(result));
    Reply reply = server.get("/jobs/j-1");
    reply.isJson(200, ended("j-1", JobState.FINISHED, ", 'result': " + result));
    assertThat(reply.body()).endsWith("\"result\":" + result + "}");
  }

  @Test
  void aJobThatFailedSaysWhy() {
    jobs.with(FakeJobs.ended("j-1", JobState.ERROR));
    server.get("/jobs/j-1").isJson(200, ended("j-1", JobState.ERROR, ", 'result': " + FAILURE));
  }

  @Test
  void aJobThatIsNotThereIsNotFound() {
    server.get("/jobs/none").isJson(404, "{'status': 'ERROR', 'result': 'No such job ID none'}");
  }

  @Test
  void aResultLargerThanTheMemoryPassesThrough() throws IOException {
    long size = 150L << 20;
    jobs.with(FakeJobs.ended("j-1", JobState.FINISHED));
    jobs.results.put("j-1", zeros(size, () -> {}));
    try (Socket socket = server.connect()) {
      socket.getOutputStream().write(Server.head("GET /jobs/j-1", "Connection: close\n", 0));
      InputStream in = new BufferedInputStream(socket.getInputStream());
      long read = 0;
      byte[] piece = new byte[64 * 1024];
      for (int more = in.read(piece); more >= 0; more = in.read(piece)) {
        read += more;
      }
      assertThat(read).isGreaterThan(size);
    }
  }

  @Test
  void aResultThatCannotBeReadToItsEndIsNoWholeAnswer() {
    jobs.with(FakeJobs.ended("j-1", JobState.FINISHED));
    jobs.results.put(
        "j-1",
        new Content() {
          @Override
          public long size() {
            return 1 << 20;
          }

          @Override
          public InputStream open() {
            InputStream broken =
                new ByteArrayInputStream(new byte[0]) {
                  @Override
                  public synchronized int read(byte[] bytes, int offset, int length) {
                    throw new IllegalStateException("the store is gone");
                  }
                };
            return new SequenceInputStream(new ByteArrayInputStream(new byte[100_000]), broken);
          }
        });
    assertThatThrownBy(() -> server.get("/jobs/j-1")).hasMessageContaining("bytes of the body");
  }

  @Test
  void aJobIsAnsweredWhenItStarted() {
    CompletableFuture<Reply> reply = later(() -> server.send(ASYNC, ""));
    jobs.submission.join();
    assertThat(reply).isNotDone();
    jobs.started.complete(null);
    reply.join().isJson(202, running("j-1", "STARTED"));
  }

  @Test
  void queryAndBodyArePassedOn() {
    jobs.started.complete(null);
    server.send(
        ASYNC + "&more=1",
        "Content-Type: application/x-www-form-urlencoded\n",
        "input.strings = [\"ä\"]\nb = 1+2");
    assertThat(jobs.submission)
        .isCompletedWithValue(
            new JobSubmission(
                Map.of("appName", "app", "classPath", "m.Job"),
                Optional.of("ctx"),
                "input.strings = [\"ä\"]\nb = 1+2",
                Optional.empty(),
                Optional.empty()));
  }

  @Test
  void whatToRunAndWhomToTellIsTheCoresToRead() {
    jobs.started.complete(null);
    server.send(
        "POST /jobs?cp=a,b&mainClass=m.Job&appName=app&callbackUrl=http%3A%2F%2Fhost%2F%3Fa%3D1"
            + "&spark.proxy.user=ada&spark.jars=x",
        "");
    assertThat(jobs.submission)
        .isCompletedWithValue(
            new JobSubmission(
                Map.of(
                    "cp", "a,b", "mainClass", "m.Job", "appName", "app", "spark.proxy.user", "ada"),
                Optional.empty(),
                "",
                Optional.of("http://host/?a=1"),
                Optional.empty()));
  }

  @Test
  void aKeyMakesARequestRepeatable() {
    jobs.started.complete(null);
    server.send(ASYNC, "Idempotency-Key: \"8e03978e\"\n", "");
    SubmissionKey key = jobs.submission.join().key().orElseThrow();
    assertThat(key.caller()).isEmpty();
    assertThat(key.key()).isEqualTo("\"8e03978e\"");
  }

  @Test
  void aKeyKnowsItsRequestWhateverTheOrderOfTheParameters() {
    assertThat(request("a=1&b=2")).isEqualTo(request("b=2&a=1"));
    assertThat(request("a=1&b=2"))
        .isNotEqualTo(request("a=1"))
        .isNotEqualTo(request("a=1&b=3"))
        .isNotEqualTo(request("a=1%262&b="))
        .isNotEqualTo(request("a=2&b=1"));
  }

  /** What the key of a submission with more parameters says of the request. */
  private String request(String more) {
    withdraw();
    provide();
    jobs.started.complete(null);
    server.send(ASYNC + "&" + more, "Idempotency-Key: k\n", "");
    return jobs.submission.join().key().orElseThrow().request();
  }

  @ParameterizedTest
  @ValueSource(ints = {0, 256})
  void aKeyIsNeitherEmptyNorLong(int length) {
    server
        .send(ASYNC, "Idempotency-Key: " + "k".repeat(length) + "\n", "")
        .isText(400, "The header Idempotency-Key must have 1 to 255 characters");
    assertThat(jobs.submission).isNotDone();
  }

  @Test
  void aKeyOfAnotherRequestIsRefused() {
    jobs.failure = Optional.of(new JobserverException(ErrorCode.KEY_USED, "used for another"));
    server
        .send(ASYNC, "Idempotency-Key: k\n", "")
        .isJson(422, "{'status': 'ERROR', 'result': 'used for another'}");
  }

  @Test
  void aJobWithTooManyPackagesIsToldAsAnException() {
    jobs.failure = Optional.of(new JobserverException(ErrorCode.PACKAGES, FakeJobs.FAILURE));
    server
        .send(ASYNC, "")
        .isJson(400, "{'status': 'JOB LOADING FAILED', 'result': " + FAILURE + "}");
  }

  @Test
  void aContextOfTheJobsOwnThatDoesNotComeUpIsToldAsAnException() {
    jobs.submitted =
        CompletableFuture.failedFuture(
            new CompletionException(
                new JobserverException(ErrorCode.AD_HOC_INIT, FakeJobs.FAILURE)));
    for (String request : List.of(ASYNC, SYNC)) {
      server
          .send(request, "")
          .isJson(500, "{'status': 'CONTEXT INIT FAILED', 'result': " + FAILURE + "}");
    }
  }

  @Test
  void theBodyHasTheCharsetOfItsContentType() {
    jobs.started.complete(null);
    server.send(
        ASYNC,
        "Content-Type: text/plain; charset=\"ISO-8859-1\"\n",
        "a = ä".getBytes(StandardCharsets.ISO_8859_1));
    assertThat(jobs.submission.join().config()).isEqualTo("a = ä");
  }

  @Test
  void aCharsetThatIsNotKnownIsRefused() {
    server
        .send(ASYNC, "Content-Type: text/plain; charset=klingon\n", "a = 1")
        .isText(400, "The charset 'klingon' of the request body is not known");
  }

  @Test
  void aConfigurationThatIsTooLargeIsRefused() {
    server
        .send(ASYNC, "a".repeat(1025))
        .isText(413, "The request body is larger than the 1024 bytes allowed");
  }

  @ParameterizedTest
  @CsvSource(
      delimiter = '|',
      value = {
        "CONFIG | 400 | ERROR | Cannot parse config: a reason",
        "CALLBACK | 400 | ERROR | Callback Url has to be http or https",
        "TOO_MANY_CONTEXTS | 503 | ERROR | There are 32 contexts",
        "BINARY_NOT_FOUND | 404 | ERROR | appName app not found",
        "CONTEXT_NOT_FOUND | 404 | ERROR | context ctx not found",
        "CONTEXT_STOPPING | 409 | ERROR | Context stop in progress",
        "NO_SLOTS | 503 | NO SLOTS AVAILABLE | Too many running jobs (8) for job context ctx",
        "UNAVAILABLE | 503 | ERROR | The driver is out of reach"
      })
  void aSubmissionThatTheCoreRefusesSaysWhy(ErrorCode code, int status, String word, String why) {
    jobs.failure = Optional.of(new JobserverException(code, why));
    for (String request : List.of(ASYNC, SYNC)) {
      server
          .send(request, "")
          .isJson(status, "{'status': '%s', 'result': '%s'}".formatted(word, why));
    }
    assertThat(server.send(ASYNC, "").header("Retry-After").matches("[1-9][0-9]*"))
        .isEqualTo(status == 503);
  }

  @Test
  void aJobThatRefusesItsInputIsToldAsInvalid() {
    jobs.started.completeExceptionally(
        new JobserverException(ErrorCode.VALIDATION, FakeJobs.FAILURE));
    for (String request : List.of(ASYNC, SYNC)) {
      server
          .send(request, "")
          .isJson(400, "{'status': 'VALIDATION FAILED', 'result': " + FAILURE + "}");
    }
  }

  @Test
  void aClassThatIsNotInTheBinaryIsNotFound() {
    jobs.started.completeExceptionally(
        new JobserverException(ErrorCode.CLASS_NOT_FOUND, "classPath m.Job not found"));
    for (String request : List.of(ASYNC, SYNC)) {
      server
          .send(request, "")
          .isJson(404, "{'status': 'ERROR', 'result': 'classPath m.Job not found'}");
    }
  }

  @Test
  void aSynchronousJobIsAnsweredWithItsResultAlone() {
    jobs.started.complete(null);
    CompletableFuture<Reply> reply = later(() -> server.send(SYNC, ""));
    jobs.submission.join();
    assertThat(reply).isNotDone();
    jobs.ended.complete(
        new Ended(FakeJobs.ended("j-1", JobState.FINISHED), Optional.of(content("[1, 2]"))));
    reply.join().isJson(200, "{'jobId': 'j-1', 'result': [1, 2]}");
  }

  @ParameterizedTest
  @CsvSource({"ERROR", "KILLED"})
  void aSynchronousJobThatFailsIsAnsweredWith200(JobState state) {
    jobs.started.complete(null);
    jobs.ended.complete(new Ended(FakeJobs.ended("j-1", state), Optional.empty()));
    server
        .send(SYNC, "")
        .isJson(200, "{'jobId': 'j-1', 'status': '%s', 'result': %s}".formatted(state, FAILURE));
  }

  @ParameterizedTest
  @ValueSource(strings = {"sync=maybe", "timeout=1.5", "timeout=-1", "sync="})
  void aMalformedParameterIsRefusedBeforeAnythingElse(String parameter) {
    Reply reply = server.send("POST /jobs?" + parameter, "");
    assertThat(reply.status()).isEqualTo(400);
    assertThat(reply.header("Content-Type")).startsWith("text/plain");
    assertThat(reply.body()).startsWith("The query parameter '");
  }

  @Test
  void aRunningJobIsKilled() {
    jobs.with(FakeJobs.started("j-1").in(JobState.RUNNING));
    jobs.killed = CompletableFuture.completedFuture(FakeJobs.ended("j-1", JobState.KILLED));
    server.send("DELETE /jobs/j-1", "").isJson(200, "{'status': 'KILLED'}");
  }

  @Test
  void aJobThatHadFailedIsToldAsItFailed() {
    jobs.with(FakeJobs.ended("j-1", JobState.ERROR));
    server
        .send("DELETE /jobs/j-1", "")
        .isJson(200, "{'status': 'ERROR', 'ERROR': " + FAILURE + "}");
  }

  @ParameterizedTest
  @CsvSource({"FINISHED", "KILLED"})
  void aJobThatHasEndedCannotBeKilled(JobState state) {
    jobs.with(FakeJobs.ended("j-1", state));
    server
        .send("DELETE /jobs/j-1", "")
        .isJson(404, "{'status': 'ERROR', 'result': 'No running job with ID j-1'}");
  }

  @Test
  void aJobThatEndsByItselfMeanwhileCannotBeKilled() {
    jobs.with(FakeJobs.started("j-1"));
    jobs.killed = CompletableFuture.completedFuture(FakeJobs.ended("j-1", JobState.FINISHED));
    server
        .send("DELETE /jobs/j-1", "")
        .isJson(404, "{'status': 'ERROR', 'result': 'No running job with ID j-1'}");
  }

  @Test
  void aJobThatIsNotThereCannotBeKilled() {
    server
        .send("DELETE /jobs/none", "")
        .isJson(404, "{'status': 'ERROR', 'result': 'No such job ID none'}");
  }

  @Test
  void aJobWhoseDriverIsOutOfReachIsNotKilledYet() {
    jobs.with(FakeJobs.started("j-1"));
    jobs.killed =
        CompletableFuture.failedFuture(
            new JobserverException(ErrorCode.UNAVAILABLE, "The driver is out of reach"));
    server
        .send("DELETE /jobs/j-1", "")
        .isJson(503, "{'status': 'ERROR', 'result': 'The driver is out of reach'}");
  }

  private static Content content(String text) {
    return Content.of(text.getBytes(StandardCharsets.UTF_8));
  }

  /**
   * A text of any size.
   *
   * @param onOpen is run when somebody begins to read
   */
  static Content zeros(long size, Runnable onOpen) {
    return new Content() {
      @Override
      public long size() {
        return size;
      }

      @Override
      public InputStream open() {
        onOpen.run();
        return new InputStream() {
          private long left = size;

          @Override
          public int read() {
            return left-- > 0 ? '0' : -1;
          }

          @Override
          public int read(byte[] bytes, int offset, int length) {
            if (left <= 0) {
              return -1;
            }
            int read = (int) Math.min(length, left);
            Arrays.fill(bytes, offset, offset + read, (byte) '0');
            left -= read;
            return read;
          }
        };
      }
    };
  }
}
