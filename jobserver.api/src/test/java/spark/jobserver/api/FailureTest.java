package spark.jobserver.api;

import static org.assertj.core.api.Assertions.assertThat;

import org.junit.jupiter.api.Test;

class FailureTest {
  @Test
  void ofVeryLongTextsTheMiddleIsLeftOutOnce() {
    Failure failure =
        new Failure(
            "first" + "x".repeat(100_000) + "last",
            "a." + "B".repeat(2_000),
            "first\n" + "x\n".repeat(1_000_000) + "last");

    assertThat(failure.message())
        .startsWith("firstxx")
        .contains(" characters are left out here]")
        .endsWith("xxlast")
        .hasSizeLessThanOrEqualTo(32 * 1024);
    assertThat(failure.errorClass()).startsWith("a.BB").hasSizeLessThanOrEqualTo(1024);
    assertThat(failure.stack())
        .startsWith("first\n")
        .endsWith("last")
        .hasSizeLessThanOrEqualTo(256 * 1024);
    assertThat(new Failure(failure.message(), failure.errorClass(), failure.stack()))
        .isEqualTo(failure);
  }

  @Test
  void otherTextsAreKept() {
    String message = "x".repeat(32 * 1024);

    assertThat(new Failure(message, "a.B", "line\n").message()).isEqualTo(message);
  }
}
