package spark.jobserver.rest;

import static org.assertj.core.api.Assertions.assertThat;

import jakarta.ws.rs.core.Response;
import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.io.PrintStream;
import java.nio.charset.StandardCharsets;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import spark.jobserver.api.server.ErrorCode;
import spark.jobserver.api.server.JobserverException;

class ErrorMapperTest {
  private final ByteArrayOutputStream log = new ByteArrayOutputStream();
  private final PrintStream standardError = System.err;

  @BeforeEach
  void captureTheLog() {
    System.setErr(new PrintStream(log, true, StandardCharsets.UTF_8));
  }

  @AfterEach
  void releaseTheLog() {
    System.setErr(standardError);
  }

  private String log() {
    return log.toString(StandardCharsets.UTF_8);
  }

  private static String body(Response response) {
    return new String((byte[]) response.getEntity(), StandardCharsets.UTF_8);
  }

  @Test
  void whatNobodyExpectedStandsInTheLogUnderTheIncidentOfTheAnswer() {
    Response response = ErrorMapper.answer(new IllegalStateException("secret"));
    String incident = response.getHeaderString(ErrorMapper.INCIDENT_HEADER);
    assertThat(response.getStatus()).isEqualTo(500);
    assertThat(body(response)).contains(incident).doesNotContain("secret", "\tat ");
    assertThat(log()).contains("incident " + incident, "secret", "\tat ");
  }

  @Test
  void whatIsBehindAnErrorOfTheServerStandsInTheLogAlone() {
    for (ErrorCode code : new ErrorCode[] {ErrorCode.UNAVAILABLE, ErrorCode.STORAGE}) {
      Response response =
          ErrorMapper.answer(new JobserverException(code, "Try again", new IOException("secret")));
      assertThat(body(response)).contains("Try again").doesNotContain("secret");
      assertThat(log()).contains("secret", response.getHeaderString(ErrorMapper.INCIDENT_HEADER));
    }
  }

  @Test
  void whatIsTheCallersFaultIsNotLogged() {
    Response response =
        ErrorMapper.answer(
            new JobserverException(ErrorCode.CONFIG, "Cannot parse config", new IOException("x")));
    assertThat(response.getStatus()).isEqualTo(400);
    assertThat(body(response))
        .isEqualTo("{\"status\":\"ERROR\",\"result\":\"Cannot parse config\"}");
    assertThat(log()).isEmpty();
  }

  @Test
  void aRefusalIsFoundBehindOtherErrors() {
    Response response =
        ErrorMapper.answer(
            new IllegalStateException(new IOException(new Rejection(413, "too large"))));
    assertThat(response.getStatus()).isEqualTo(413);
    assertThat(body(response)).isEqualTo("too large");
    assertThat(log()).isEmpty();
  }

  @ParameterizedTest
  @CsvSource({
    "BINARY_FORMAT, 400",
    "BINARY_NOT_FOUND, 404",
    "BINARY_IN_USE, 403",
    "CONTEXT_NAME, 400",
    "CONTEXT_EXISTS, 400",
    "CONTEXT_NOT_FOUND, 404",
    "CONTEXT_INIT, 500",
    "AD_HOC_INIT, 500",
    "TOO_MANY_CONTEXTS, 503",
    "CONTEXT_STOPPING, 409",
    "CONFIG, 400",
    "CALLBACK, 400",
    "PACKAGES, 400",
    "KEY_USED, 422",
    "NO_SLOTS, 503",
    "JOB_NOT_FOUND, 404",
    "JOB_NOT_RUNNING, 404",
    "JOB_NOT_FINISHED, 409",
    "CLASS_NOT_FOUND, 404",
    "VALIDATION, 400",
    "TIMEOUT, 500",
    "UNAVAILABLE, 503",
    "NO_ROOM, 507",
    "DATA_NOT_FOUND, 400",
    "PLUGIN_NOT_FOUND, 404",
    "PLUGIN_REFUSED, 422",
    "PLUGINS_FIXED, 403",
    "STORAGE, 500"
  })
  void everyErrorHasItsStatus(ErrorCode code, int status) {
    Response answer = ErrorMapper.answer(new JobserverException(code, "why"));
    assertThat(answer.getStatus()).isEqualTo(status);
    assertThat(answer.getHeaderString("Retry-After") != null)
        .as("says when to try again")
        .isEqualTo(status == 503);
  }

  @Test
  void whenToTryAgainStandsBesideAnIncidentToo() {
    Response answer =
        ErrorMapper.answer(
            new JobserverException(ErrorCode.UNAVAILABLE, "Try again", new IOException("secret")));
    assertThat(answer.getHeaderString("Retry-After")).matches("[1-9][0-9]*");
    assertThat(answer.getHeaderString(ErrorMapper.INCIDENT_HEADER)).isNotEmpty();
  }
}
