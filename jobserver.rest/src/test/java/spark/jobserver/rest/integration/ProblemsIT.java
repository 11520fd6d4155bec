package spark.jobserver.rest.integration;

import static org.assertj.core.api.Assertions.assertThat;

import java.util.Optional;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;
import spark.jobserver.api.JobState;
import spark.jobserver.api.server.ErrorCode;
import spark.jobserver.api.server.JobserverException;
import spark.jobserver.rest.FakeJobs;

/** Errors as clients ask for them. */
class ProblemsIT extends RunningServer {
  private static final String ASK = "Accept: application/problem+json\n";
  private static final String SUBMIT = "POST /jobs?appName=app&classPath=m.Job&context=ctx";

  private static void isProblem(Reply reply, int status, String json) {
    assertThat(reply.header("Content-Type")).isEqualTo("application/problem+json");
    assertThat(reply.status()).isEqualTo(status);
    assertThat(reply.json()).isEqualTo(new Reply(status, reply.headers(), json).json());
  }

  @ParameterizedTest
  @ValueSource(
      strings = {
        "application/problem+json",
        "application/json, application/problem+json",
        "Application/Problem+JSON;q=0.5;charset=utf-8",
        "*/*, application/problem+json"
      })
  void aPlainErrorIsAProblemForThoseWhoNameTheMediaType(String accept) {
    isProblem(
        server.send("GET /jobs/none", "Accept: " + accept + "\n", ""),
        404,
        """
        {'type': 'about:blank', 'title': 'Not Found', 'status': 404,
         'detail': 'No such job ID none', 'word': 'ERROR'}
        """);
  }

  @ParameterizedTest
  @ValueSource(
      strings = {
        "application/json",
        "*/*",
        "application/*",
        "application/problem+json;q=0",
        "application/problem+json; q=0.00",
        "application/problem+jsonx",
        "x",
        "a/b/c",
        ",;=",
        "",
        "\"",
        "application/problem+json/x"
      })
  void othersGetTheUsualErrorWhateverTheySay(String accept) {
    server
        .send("GET /jobs/none", "Accept: " + accept + "\n", "")
        .isJson(404, "{'status': 'ERROR', 'result': 'No such job ID none'}");
  }

  @Test
  void anExceptionIsAProblemWithItsClassAndStack() {
    jobs.failure = Optional.of(new JobserverException(ErrorCode.VALIDATION, FakeJobs.FAILURE));
    isProblem(
        server.send(SUBMIT, ASK, ""),
        400,
        """
        {'type': 'about:blank', 'title': 'Bad Request', 'status': 400, 'detail': 'no',
         'word': 'VALIDATION FAILED', 'errorClass': 'builtins.ValueError',
         'stack': 'line 1\\nline 2'}
        """);
  }

  @Test
  void aMalformedParameterIsAProblem() {
    isProblem(
        server.send("GET /jobs?limit=x", ASK, ""),
        400,
        """
        {'type': 'about:blank', 'title': 'Bad Request', 'status': 400,
         'detail': "The query parameter 'limit' was malformed: 'x' is not a whole number from 0 to 2147483647"}
        """);
  }

  @ParameterizedTest
  @CsvSource({
    "GET /nothing, 404, Not Found, The requested resource could not be found.",
    "GET /jobs/x/y, 404, Not Found, The requested resource could not be found.",
    "PATCH /jobs, 405, Method Not Allowed, 'HTTP method not allowed, supported methods: GET, OPTIONS, POST'"
  })
  void whatTheFrameworkRefusesIsAProblem(String request, int status, String title, String why) {
    Reply reply = server.send(request, ASK, "");
    isProblem(
        reply,
        status,
        "{'type': 'about:blank', 'title': '%s', 'status': %d, 'detail': '%s'}"
            .formatted(title, status, why));
    assertThat(reply.headers().containsKey("Allow")).isEqualTo(status == 405);
  }

  @Test
  void whatIsToBeTriedAgainSaysWhenAsAProblemToo() {
    withdraw();
    Reply reply = server.send("GET /jobs", ASK, "");
    assertThat(reply.status()).isEqualTo(503);
    assertThat(reply.header("Content-Type")).isEqualTo("application/problem+json");
    assertThat(reply.header("Retry-After")).matches("[1-9][0-9]*");
  }

  @Test
  void anErrorThatNobodyExpectedIsAProblemWithItsIncident() {
    binaries.failure = Optional.of(new IllegalStateException("secret"));
    Reply reply = server.send("GET /binaries", ASK, "");
    assertThat(reply.status()).isEqualTo(500);
    assertThat(reply.header("Content-Type")).isEqualTo("application/problem+json");
    assertThat(reply.body()).contains(reply.header("Incident-Id")).doesNotContain("secret");
  }

  @Test
  void anUploadOfAnUnknownKindIsAProblem() {
    assertThat(
            server
                .send("POST /binaries/x", ASK + "Content-Type: text/plain\n", "x")
                .json()
                .get("detail")
                .textValue())
        .isEqualTo("Unsupported binary type text/plain");
  }

  @Test
  void anAnswerThatIsNoErrorIsAsEver() {
    server.send("GET /binaries", ASK, "").isJson(200, "{}");
    jobs.with(FakeJobs.ended("j-1", JobState.ERROR));
    assertThat(server.send("GET /jobs/j-1", ASK, "").header("Content-Type"))
        .isEqualTo("application/json");
  }

  @Test
  void aMalformedContentTypeIsRefused() {
    assertThat(server.send(SUBMIT, "Content-Type: egg\n", "a = 1").status()).isEqualTo(400);
    assertThat(jobs.submission).isNotDone();
  }
}
