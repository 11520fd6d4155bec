package spark.jobserver.python.worker;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.io.IOException;
import java.util.List;
import org.junit.jupiter.api.Test;
import spark.jobserver.api.Failure;
import spark.jobserver.api.context.JobOutcome;

class AnswersTest {
  @Test
  void eachEndHasItsOutcome() throws IOException {
    assertThat(outcome("{\"outcome\":\"invalid\",\"problems\":[\"a\",\"b\"]}"))
        .isEqualTo(new JobOutcome.Invalid(List.of("a", "b")));
    assertThat(outcome("{\"outcome\":\"not-found\",\"classPath\":\"m.C\"}"))
        .isEqualTo(new JobOutcome.NotFound("m.C"));
    assertThat(
            outcome(
                "{\"outcome\":\"failed\",\"failure\":"
                    + "{\"message\":\"m\",\"errorClass\":\"ValueError\",\"stack\":\"s\"}}"))
        .isEqualTo(new JobOutcome.Failed(new Failure("m", "ValueError", "s")));
  }

  @Test
  void anUnknownEndIsRefused() {
    assertThatThrownBy(() -> outcome("{\"outcome\":\"lost\"}")).hasMessageContaining("lost");
  }

  private static JobOutcome outcome(String ended) throws IOException {
    return Answers.outcome(Connection.JSON.readTree(ended));
  }
}
