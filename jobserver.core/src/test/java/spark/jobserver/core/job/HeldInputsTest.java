package spark.jobserver.core.job;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.util.Optional;
import org.junit.jupiter.api.Test;
import spark.jobserver.api.dao.JobInput;
import spark.jobserver.api.server.ErrorCode;
import spark.jobserver.api.server.JobserverException;

class HeldInputsTest {
  private final HeldInputs held = new HeldInputs();

  @Test
  void large_inputs_are_refused_until_others_are_given_back() {
    JobInput quarter =
        new JobInput("x".repeat((int) (HeldInputs.MOST / 4)), Optional.empty(), Optional.empty());
    JobInput small = new JobInput("{}", Optional.empty(), Optional.empty());
    for (int i = 0; i < 4; i++) {
      held.take(quarter);
    }

    for (int i = 0; i < 2; i++) {
      assertThatThrownBy(() -> held.take(small))
          .isInstanceOfSatisfying(
              JobserverException.class, e -> assertThat(e.code()).isEqualTo(ErrorCode.UNAVAILABLE));
    }
    held.giveBack(quarter);
    held.take(small);
    held.giveBack(small);
    held.take(quarter);
  }
}
