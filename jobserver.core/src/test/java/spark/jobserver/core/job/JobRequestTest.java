package spark.jobserver.core.job;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.util.List;
import java.util.Map;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;
import spark.jobserver.api.server.ErrorCode;
import spark.jobserver.api.server.JobserverException;
import spark.jobserver.core.posted.PostedConfig;

class JobRequestTest {
  private static JobRequest of(Map<String, String> parameters, String body) {
    return JobRequest.of(parameters, PostedConfig.parse(body));
  }

  @Test
  void both_spellings_are_read_from_the_request() {
    assertThat(of(Map.of("appName", "app", "classPath", "m.C"), ""))
        .isEqualTo(new JobRequest(List.of("app"), "m.C", List.of()));
    assertThat(of(Map.of("cp", "app", "mainClass", "m.C"), ""))
        .isEqualTo(new JobRequest(List.of("app"), "m.C", List.of()));
  }

  @ParameterizedTest
  @ValueSource(
      strings = {
        "appName = app, classPath = m.C",
        "cp = app, mainClass = m.C",
        "cp = [app], mainClass = m.C",
        "cp = \" app ,\", mainClass = m.C"
      })
  void both_spellings_are_read_from_the_body(String body) {
    assertThat(of(Map.of(), body)).isEqualTo(new JobRequest(List.of("app"), "m.C", List.of()));
  }

  @Test
  void the_request_goes_first_and_the_older_spelling_before_the_newer() {
    String body = "appName = other, classPath = o.C, cp = other, mainClass = o.C";
    assertThat(of(Map.of("cp", "app", "mainClass", "m.C"), body))
        .isEqualTo(new JobRequest(List.of("app"), "m.C", List.of()));
    assertThat(of(Map.of("appName", "a", "classPath", "m.C", "cp", "b", "mainClass", "n.C"), body))
        .isEqualTo(new JobRequest(List.of("a"), "m.C", List.of()));
    assertThat(of(Map.of("cp", "app"), "mainClass = m.C"))
        .isEqualTo(new JobRequest(List.of("app"), "m.C", List.of()));
    assertThat(of(Map.of(), "cp = a, mainClass = m.C, appName = b, classPath = n.C"))
        .isEqualTo(new JobRequest(List.of("b"), "n.C", List.of()));
  }

  @Test
  void all_packages_are_there() {
    assertThat(of(Map.of("cp", "a, b,c", "mainClass", "m.C"), "").packages())
        .containsExactly("a", "b", "c");
    assertThat(of(Map.of("appName", "a", "classPath", "m.C"), "dependent-jar-uris = [b, c]"))
        .isEqualTo(new JobRequest(List.of("b", "c", "a"), "m.C", List.of()));
    assertThat(of(Map.of("cp", ",", "mainClass", "m.C"), "").packages()).isEmpty();
  }

  @ParameterizedTest
  @ValueSource(
      strings = {
        "dependent-py-uris = [lib, other lib]",
        "dependent-py-uris = \" lib, other lib,\""
      })
  void what_the_job_depends_on_is_read_from_the_body_in_either_spelling(String body) {
    for (Map<String, String> parameters :
        List.of(
            Map.of("appName", "app", "classPath", "m.C"),
            Map.of("cp", "app", "mainClass", "m.C"))) {
      assertThat(of(parameters, body))
          .isEqualTo(new JobRequest(List.of("app"), "m.C", List.of("lib", "other lib")));
    }
  }

  @ParameterizedTest
  @CsvSource(
      delimiter = '|',
      value = {
        "appName = a | classPath parameter is missing!",
        "cp = a | mainClass parameter is missing!",
        "cp = [] | mainClass parameter is missing!",
        "mainClass = m.C | To start the job appName or cp parameters should be configured!"
      })
  void what_is_missing_is_named(String body, String why) {
    assertThatThrownBy(() -> of(Map.of(), body))
        .isInstanceOfSatisfying(
            JobserverException.class, e -> assertThat(e.code()).isEqualTo(ErrorCode.CONFIG))
        .hasMessage("Cannot parse config: " + why);
  }

  @ParameterizedTest
  @ValueSource(
      strings = {
        "appName { a = 1 }, classPath = m.C",
        "cp = [{}], mainClass = m.C",
        "cp = a, mainClass = [m.C]",
        "cp = a, mainClass = m.C, dependent-py-uris = [{}]"
      })
  void what_has_another_type_is_refused(String body) {
    assertThatThrownBy(() -> of(Map.of(), body))
        .isInstanceOfSatisfying(
            JobserverException.class, e -> assertThat(e.code()).isEqualTo(ErrorCode.CONFIG));
  }

  @ParameterizedTest
  @CsvSource({
    "appName, classPath, classPath",
    "cp, mainClass, mainClass",
    "classPath, appName, the name of a binary",
    "mainClass, cp, the name of a binary"
  })
  void what_is_too_long_is_named(String other, String tooLong, String what) {
    assertThat(of(Map.of(other, "x", tooLong, "x".repeat(8_000)), "").packages()).hasSize(1);
    assertThatThrownBy(() -> of(Map.of(other, "x", tooLong, "x".repeat(8_001)), ""))
        .isInstanceOf(JobserverException.class)
        .hasMessage(
            "Cannot parse config: %s has more than 8000 characters, which are the most"
                .formatted(what));
  }

  @Test
  void binaries_without_end_are_refused() {
    String hundred = "x" + ",x".repeat(99);
    assertThat(of(Map.of("cp", hundred, "mainClass", "m.C"), "").packages()).hasSize(100);
    for (String more : List.of(hundred + ",x", hundred + ",x".repeat(1_000_000))) {
      assertThatThrownBy(() -> of(Map.of("cp", more, "mainClass", "m.C"), ""))
          .isInstanceOf(JobserverException.class)
          .hasMessage("Cannot parse config: it names more than 100 binaries, which are the most");
    }
  }
}
