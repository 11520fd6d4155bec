package spark.jobserver.api;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.time.Instant;
import java.util.Optional;
import org.junit.jupiter.api.Test;

class JobTest {
  private final Binary binary =
      new Binary("app", BinaryType.EGG, Instant.EPOCH, "ab".repeat(32), 10);
  private final Job job =
      new Job(
          "id",
          "contextId",
          "context",
          1,
          binary,
          "a.B",
          Instant.EPOCH,
          Optional.empty(),
          JobState.STARTED,
          Optional.empty(),
          "");

  @Test
  void hasAnEndTimeExactlyWhenItIsFinal() {
    assertThat(job.in(JobState.RUNNING).endTime()).isEmpty();
    assertThatThrownBy(() -> job.in(JobState.FINISHED)).hasMessageContaining("end time");
  }

  @Test
  void isExplainedExactlyWhenItFailed() {
    Instant end = Instant.EPOCH.plusMillis(5);
    assertThat(job.ended(JobState.FINISHED, end, Optional.empty()).endTime()).contains(end);
    assertThatThrownBy(() -> job.ended(JobState.ERROR, end, Optional.empty()))
        .hasMessageContaining("failure");
  }

  @Test
  void refusesABinaryWithoutANameOrWithADigestThatIsNone() {
    assertThatThrownBy(() -> new Binary("", BinaryType.EGG, Instant.EPOCH, "ab".repeat(32), 1))
        .hasMessageContaining("name");
    assertThatThrownBy(() -> new Binary("a", BinaryType.EGG, Instant.EPOCH, "../x", 1))
        .hasMessageContaining("SHA-256");
  }

  @Test
  void knowsBinaryTypesByMediaTypeInAnyCase() {
    assertThat(BinaryType.ofMediaType("Application/Python-Archive")).contains(BinaryType.EGG);
    assertThat(BinaryType.ofMediaType("application/python-egg")).contains(BinaryType.EGG);
    assertThat(BinaryType.ofMediaType("application/python-wheel")).contains(BinaryType.WHEEL);
    assertThat(BinaryType.ofMediaType("application/java-archive")).isEmpty();
  }
}
