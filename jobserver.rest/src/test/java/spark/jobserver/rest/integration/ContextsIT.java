package spark.jobserver.rest.integration;

import static org.assertj.core.api.Assertions.assertThat;

import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.OptionalLong;
import java.util.concurrent.CompletableFuture;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;
import spark.jobserver.api.Context;
import spark.jobserver.api.ContextState;
import spark.jobserver.api.DriverStart;
import spark.jobserver.api.Failure;
import spark.jobserver.api.NamedObject;
import spark.jobserver.api.NamedObject.Kind;
import spark.jobserver.api.server.ErrorCode;
import spark.jobserver.api.server.JobserverException;
import spark.jobserver.rest.FakeContexts;

class ContextsIT extends RunningServer {
  private static final Context STARTED = FakeContexts.started("ctx");
  private static final Context RUNNING =
      STARTED.running("local-1", Optional.of("http://localhost:4040"));

  @Test
  void theListHasTheNamesInTheOrderOfTheCore() {
    contexts.names = List.of("z", "a", "ä/1");
    server.get("/contexts").isJson(200, "['z', 'a', 'ä/1']");
  }

  @Test
  void aListThatFailsHasItsOwnWords() {
    contexts.failure = Optional.of(new IllegalStateException("secret"));
    server
        .get("/contexts")
        .isJson(500, "{'status': 'ERROR', 'result': 'UNEXPECTED ERROR OCCURRED'}");
  }

  @Test
  void aRunningContextSaysWhereItsApplicationIs() {
    contexts.with(RUNNING);
    server
        .get("/contexts/ctx")
        .isJson(
            200,
            """
            {'id': 'c-1', 'name': 'ctx', 'startTime': '2013-05-29T00:00:00.500Z', 'bundle': 'bundle',
             'endTime': 'Empty', 'state': 'RUNNING', 'applicationId': 'local-1',
             'url': 'http://localhost:4040'}
            """);
  }

  @Test
  void aContextSaysHowItsDriverCameToBe() {
    contexts.with(STARTED);
    contexts.start = Optional.of(DriverStart.SPARE);
    server
        .get("/contexts/ctx")
        .isJson(
            200,
            """
            {'id': 'c-1', 'name': 'ctx', 'startTime': '2013-05-29T00:00:00.500Z', 'bundle': 'bundle',
             'endTime': 'Empty', 'state': 'STARTED', 'driverStart': 'spare'}
            """);
  }

  @Test
  void aContextWithoutAUserInterfaceHasNoUrl() {
    contexts.with(STARTED.running("local-1", Optional.empty()).stopping());
    server
        .get("/contexts/ctx")
        .isJson(
            200,
            """
            {'id': 'c-1', 'name': 'ctx', 'startTime': '2013-05-29T00:00:00.500Z', 'bundle': 'bundle',
             'endTime': 'Empty', 'state': 'STOPPING', 'applicationId': 'local-1'}
            """);
  }

  @Test
  void aFinalContextSaysWhenItEndedAndNothingOfItsApplication() {
    contexts.with(
        RUNNING
            .stopping()
            .ended(ContextState.FINISHED, FakeContexts.START.plusSeconds(1), Optional.empty()));
    server
        .get("/contexts/ctx")
        .isJson(
            200,
            """
            {'id': 'c-1', 'name': 'ctx', 'startTime': '2013-05-29T00:00:00.500Z', 'bundle': 'bundle',
             'endTime': '2013-05-29T00:00:01.500Z', 'state': 'FINISHED'}
            """);
  }

  @Test
  void aContextThatDiedSaysWhy() {
    contexts.with(
        RUNNING.ended(
            ContextState.KILLED,
            FakeContexts.START.plusSeconds(1),
            Optional.of(Failure.of("The driver died"))));
    server
        .get("/contexts/ctx")
        .isJson(
            200,
            """
            {'id': 'c-1', 'name': 'ctx', 'startTime': '2013-05-29T00:00:00.500Z', 'bundle': 'bundle',
             'endTime': '2013-05-29T00:00:01.500Z', 'state': 'KILLED',
             'failure': 'The driver died'}
            """);
  }

  @Test
  void aContextThatIsNotThereIsNotFound() {
    server
        .get("/contexts/none")
        .isJson(404, "{'status': 'ERROR', 'result': \"can't find context with name none\"}");
  }

  @Test
  void whatJobsShareIsAnsweredWhenTheDriverHasSaidIt() {
    CompletableFuture<List<NamedObject>> objects = new CompletableFuture<>();
    contexts.objects = objects;
    CompletableFuture<Reply> reply = later(() -> server.get("/contexts/c%2F1/objects"));
    assertThat(contexts.objectsAsked.join()).isEqualTo("c/1");
    assertThat(reply).isNotDone();
    objects.complete(
        List.of(
            new NamedObject("a", Kind.VALUE, Optional.of("dict"), OptionalLong.of(0)),
            new NamedObject("ä", Kind.DATAFRAME, Optional.empty(), OptionalLong.empty()),
            new NamedObject("b", Kind.RDD, Optional.empty(), OptionalLong.of(1L << 40)),
            new NamedObject("c", Kind.OBJECT, Optional.of("a.B"), OptionalLong.empty())));
    reply
        .join()
        .isJson(
            200,
            """
            [{'name': 'a', 'kind': 'value', 'class': 'dict', 'size': 0},
             {'name': 'ä', 'kind': 'dataframe'},
             {'name': 'b', 'kind': 'rdd', 'size': 1099511627776},
             {'name': 'c', 'kind': 'object', 'class': 'a.B'}]
            """);
  }

  @Test
  void jobsMayShareNothing() {
    contexts.objects = CompletableFuture.completedFuture(List.of());
    server.get("/contexts/ctx/objects").isJson(200, "[]");
  }

  @Test
  void aContextThatIsNotLiveHasNoObjects() {
    contexts.failure =
        Optional.of(
            new JobserverException(
                ErrorCode.CONTEXT_NOT_FOUND, "can't find context with name none"));
    server
        .get("/contexts/none/objects")
        .isJson(404, "{'status': 'ERROR', 'result': \"can't find context with name none\"}");
  }

  @Test
  void whoAsksADriverOutOfReachIsToldWhenToComeAgain() {
    contexts.objects =
        CompletableFuture.failedFuture(
            new JobserverException(ErrorCode.UNAVAILABLE, "The driver is out of reach"));
    Reply reply = server.get("/contexts/ctx/objects");
    reply.isJson(503, "{'status': 'ERROR', 'result': 'The driver is out of reach'}");
    assertThat(reply.header("Retry-After")).matches("[1-9][0-9]*");
  }

  @Test
  void aContextIsAnsweredWhenItRuns() {
    CompletableFuture<Context> created = new CompletableFuture<>();
    contexts.created = created;
    CompletableFuture<Reply> reply = later(() -> server.send("POST /contexts/ctx", ""));
    assertThat(contexts.asked.join()).isEqualTo("ctx");
    assertThat(reply).isNotDone();
    created.complete(RUNNING);
    reply.join().isJson(200, "{'status': 'SUCCESS', 'result': 'Context initialized'}");
  }

  @Test
  void queryAndBodyArePassedOn() {
    contexts.created = CompletableFuture.completedFuture(RUNNING);
    server.send(
        "POST /contexts/ctx?context-factory=a.Factory&spark.x=1+2%2B%C3%A4&twice=1&twice=2",
        "Content-Type: application/x-www-form-urlencoded\n",
        "spark.context-settings { a = \"ä\" }");
    assertThat(contexts.parameters)
        .isEqualTo(Map.of("context-factory", "a.Factory", "spark.x", "1 2+ä", "twice", "2"));
    assertThat(contexts.body).isEqualTo("spark.context-settings { a = \"ä\" }");
  }

  @ParameterizedTest
  @CsvSource({
    "CONTEXT_NAME, context name must start with letters",
    "CONTEXT_EXISTS, context ctx exists",
    "CONFIG, Cannot parse config: a reason"
  })
  void aRequestThatCannotBeMetIsTheCallersFault(ErrorCode code, String why) {
    contexts.failure = Optional.of(new JobserverException(code, why));
    server
        .send("POST /contexts/ctx", "")
        .isJson(400, "{'status': 'ERROR', 'result': '" + why + "'}");
  }

  @Test
  void aContextThatDoesNotComeUpIsToldAsTheDriverToldIt() {
    contexts.created =
        CompletableFuture.failedFuture(
            new JobserverException(
                ErrorCode.CONTEXT_INIT, new Failure("no such factory", "a.Error", "1\n2")));
    server
        .send("POST /contexts/ctx", "")
        .isJson(
            500,
            """
            {'status': 'CONTEXT INIT ERROR',
             'result': {'message': 'no such factory', 'errorClass': 'a.Error', 'stack': '1\\n2'}}
            """);
  }

  @Test
  void anErrorThatNobodyExpectedHasTheWordsOfItsRoute() {
    contexts.created = CompletableFuture.failedFuture(new IllegalStateException("secret"));
    Reply reply = server.send("POST /contexts/ctx", "");
    assertThat(reply.status()).isEqualTo(500);
    assertThat(reply.json().get("status").textValue()).isEqualTo("CONTEXT INIT ERROR");
    assertThat(reply.body()).contains(reply.header("Incident-Id")).doesNotContain("secret");
  }

  @Test
  void aContextIsStopped() {
    contexts.with(RUNNING);
    contexts.stopped = CompletableFuture.completedFuture(RUNNING);
    server
        .send("DELETE /contexts/ctx", "")
        .isJson(200, "{'status': 'SUCCESS', 'result': 'Context stopped'}");
  }

  @Test
  void aContextThatIsNotThereCannotBeStopped() {
    for (String query : List.of("", "?force=false", "?force=true")) {
      server
          .send("DELETE /contexts/none" + query, "")
          .isJson(404, "{'status': 'ERROR', 'result': 'context none not found'}");
    }
  }

  @Test
  void aContextCannotBeStoppedByForce() {
    contexts.with(RUNNING);
    Reply reply = server.send("DELETE /contexts/ctx?force=YES", "");
    assertThat(reply.status()).isEqualTo(500);
    assertThat(reply.json().get("status").textValue()).isEqualTo("CONTEXT DELETE ERROR");
    assertThat(reply.json().get("result").properties())
        .extracting(Map.Entry::getKey)
        .containsExactlyInAnyOrder("message", "errorClass", "stack");
  }

  @Test
  void forceIsABoolean() {
    server
        .send("DELETE /contexts/ctx?force=perhaps", "")
        .isText(
            400,
            "The query parameter 'force' was malformed: 'perhaps' is not a boolean: "
                + "true, yes, on, 1 or false, no, off, 0");
  }

  @Test
  void aContextTooManyIsToldWhenToComeAgain() {
    contexts.failure =
        Optional.of(new JobserverException(ErrorCode.TOO_MANY_CONTEXTS, "There are 32"));
    Reply reply = server.send("POST /contexts/ctx", "");
    reply.isJson(503, "{'status': 'ERROR', 'result': 'There are 32'}");
    assertThat(reply.header("Retry-After")).matches("[1-9][0-9]*");
  }

  @ParameterizedTest
  @ValueSource(strings = {"", "&sync=true", "&sync=1"})
  void aResetIsAnsweredWhenItIsDone(String sync) {
    CompletableFuture<Void> reset = new CompletableFuture<>();
    contexts.reset = reset;
    CompletableFuture<Reply> reply =
        later(() -> server.send("PUT /contexts?reset=reboot" + sync, ""));
    contexts.resetAsked.join();
    assertThat(reply).isNotDone();
    reset.complete(null);
    reply.join().isJson(200, "{'status': 'SUCCESS', 'result': 'Context reset'}");
  }

  @Test
  void aResetMayBeRequestedOnly() {
    server
        .send("PUT /contexts?reset=reboot&sync=false", "")
        .isJson(200, "{'status': 'SUCCESS', 'result': 'Context reset requested'}");
    assertThat(contexts.resetAsked).isDone();
  }

  @Test
  void anotherWordIsNoReset() {
    server
        .send("PUT /contexts?reset=now", "")
        .isJson(500, "{'status': 'ERROR', 'result': 'ERROR'}");
    server.send("PUT /contexts", "").isText(404, "The requested resource could not be found.");
    assertThat(server.send("PUT /contexts?reset=reboot&sync=maybe", "").status()).isEqualTo(400);
    assertThat(contexts.resetAsked).isNotDone();
  }

  @Test
  void aResetThatFailsSaysSo() {
    contexts.reset = CompletableFuture.failedFuture(new IllegalStateException("secret"));
    Reply reply = server.send("PUT /contexts?reset=reboot", "");
    assertThat(reply.status()).isEqualTo(500);
    assertThat(reply.body()).contains(reply.header("Incident-Id")).doesNotContain("secret");
  }

  @Test
  void aContextThatCannotBeStoppedSaysSo() {
    contexts.with(RUNNING);
    contexts.stopped = CompletableFuture.failedFuture(new IllegalStateException("secret"));
    Reply reply = server.send("DELETE /contexts/ctx", "");
    assertThat(reply.status()).isEqualTo(500);
    assertThat(reply.json().get("status").textValue()).isEqualTo("CONTEXT DELETE ERROR");
    assertThat(reply.body()).doesNotContain("secret");
  }
}
