package spark.jobserver.rest.integration;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.IOException;
import java.io.OutputStream;
import java.net.Socket;
import java.nio.charset.StandardCharsets;
import java.util.Map;
import java.util.Optional;
import java.util.concurrent.CompletableFuture;
import org.junit.jupiter.api.Test;
import spark.jobserver.api.Context;
import spark.jobserver.api.JobState;
import spark.jobserver.rest.FakeContexts;
import spark.jobserver.rest.FakeJobs;

class TimeoutsIT extends RunningServer {
  private static final String SUBMIT = "POST /jobs?appName=app&classPath=m.Job&context=ctx";
  private static final int IDLE_TIMEOUT = 2000;
  private static final String TIMED_OUT =
      """
      {'status': 'ERROR', 'result': 'Request timed out. Try using the /jobs/<jobID>, /jobs APIs to get status/results'}
      """;

  TimeoutsIT() {
    super(
        IDLE_TIMEOUT,
        Map.of(
            "request-timeout", "300 ms",
            "job-timeout", "100 ms",
            "context-deletion-timeout", "2100 ms"));
  }

  /** Returns when another request, begun now, had all the time that a request has. */
  private void aTimeoutLater() {
    jobs.listing = new CompletableFuture<>();
    server.get("/jobs").isJson(500, TIMED_OUT);
    jobs.listing.complete(null);
  }

  @Test
  void aRequestThatTakesTooLongIsToldSo() {
    aTimeoutLater();
  }

  @Test
  void theMakingOfAContextMayTakeLonger() {
    CompletableFuture<Context> created = new CompletableFuture<>();
    contexts.created = created;
    CompletableFuture<Reply> reply = later(() -> server.send("POST /contexts/ctx", ""));
    contexts.asked.join();
    aTimeoutLater();
    created.complete(FakeContexts.started("ctx").running("local-1", Optional.empty()));
    reply.join().isJson(200, "{'status': 'SUCCESS', 'result': 'Context initialized'}");
  }

  @Test
  void aClientMayWaitLongerThanItsConnectionMayBeIdle() {
    CompletableFuture<Context> created = new CompletableFuture<>();
    contexts.created = created;
    CompletableFuture<Reply> reply = later(() -> server.send("POST /contexts/ctx", ""));
    contexts.asked.join();
    for (int waited = 0; waited < IDLE_TIMEOUT + 300; waited += 300) {
      aTimeoutLater();
    }
    assertThat(reply).isNotDone();
    created.complete(FakeContexts.started("ctx").running("local-1", Optional.empty()));
    reply.join().isJson(200, "{'status': 'SUCCESS', 'result': 'Context initialized'}");
  }

  @Test
  void aBodyThatStopsComingIsRefused() throws IOException {
    try (Socket socket = server.connect()) {
      OutputStream out = socket.getOutputStream();
      out.write(Server.head(SUBMIT, "", 5));
      out.write("a = ".getBytes(StandardCharsets.UTF_8));
      Reply reply = Server.reply(socket);
      assertThat(reply.status()).isEqualTo(400);
      assertThat(reply.body()).startsWith("The request body broke off: ");
    }
    assertThat(jobs.submission).isNotDone();
  }

  @Test
  void aContextThatTakesItsTimeToStopIsToldWhereToAskAgain() {
    contexts.with(FakeContexts.started("a/b"));
    Reply reply = server.send("DELETE /contexts/a%2Fb", "");
    assertThat(reply.status()).isEqualTo(202);
    assertThat(reply.body()).isEmpty();
    assertThat(reply.header("Location")).isEqualTo("http://localhost/contexts/a%2Fb");
  }

  @Test
  void theTimeForASubmissionBeginsWithTheLastByteOfItsBody() throws IOException {
    jobs.started.complete(null);
    try (Socket socket = server.connect()) {
      OutputStream out = socket.getOutputStream();
      out.write(Server.head(SUBMIT, "", 5));
      out.write("a = ".getBytes(StandardCharsets.UTF_8));
      aTimeoutLater();
      out.write('1');
      assertThat(Server.reply(socket).status()).isEqualTo(202);
    }
    assertThat(jobs.submission.join().config()).isEqualTo("a = 1");
  }

  @Test
  void aJobThatTakesLongerThanItsCallerWaitsGoesOn() {
    askTimedOut(SUBMIT + "&sync=true&timeout=0", 0);
    askTimedOut(SUBMIT + "&sync=true", 100);
    askTimedOut(SUBMIT, 100);
  }

  private void askTimedOut(String request, int milliseconds) {
    server
        .send(request, "")
        .isJson(
            500,
            """
            {'status': 'ERROR', 'result': {
             'message': 'Ask timed out on [job j-1] after [%d ms]. The job goes on; GET /jobs/j-1 says how it is',
             'errorClass': 'java.util.concurrent.TimeoutException', 'stack': ''}}
            """
                .formatted(milliseconds));
  }

  @Test
  void nobodyWaitsLongerThanAnyRequestMay() {
    server.send(SUBMIT + "&sync=true&timeout=60", "").isJson(500, TIMED_OUT);
  }

  @Test
  void aKillThatTakesTooLongIsToldSo() {
    jobs.with(FakeJobs.started("j-1").in(JobState.RUNNING));
    server.send("DELETE /jobs/j-1", "").isJson(500, TIMED_OUT);
  }

  @Test
  void aDriverThatTakesTooLongToSayWhatJobsShareIsToldSo() {
    server.get("/contexts/ctx/objects").isJson(500, TIMED_OUT);
  }
}
