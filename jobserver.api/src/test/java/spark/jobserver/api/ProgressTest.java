package spark.jobserver.api;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import org.junit.jupiter.api.Test;

class ProgressTest {
  @Test
  void countsMoreAttemptsThanTasks() {
    Progress progress = new Progress(1, 0, 2, 1, 3, 4);

    assertThat(progress.activeTasks()).isEqualTo(3);
    assertThat(progress.failedTasks()).isEqualTo(4);
  }

  @Test
  void refusesWhatCannotBe() {
    assertThatThrownBy(() -> new Progress(1, 2, 1, 1, 0, 0)).hasMessage("2 of 1 stages are done");
    assertThatThrownBy(() -> new Progress(1, 1, 1, 2, 0, 0)).hasMessage("2 of 1 tasks are done");
    assertThatThrownBy(() -> new Progress(1, -1, 1, 1, 0, 0)).hasMessageContaining("-1 of 1");
    assertThatThrownBy(() -> new Progress(1, 1, 1, 1, -1, 0)).hasMessage("activeTasks is -1");
    assertThatThrownBy(() -> new Progress(1, 1, 1, 1, 0, -1)).hasMessage("failedTasks is -1");
  }
}
