package spark.jobserver.shell;

import static org.assertj.core.api.Assertions.assertThat;

import java.time.Duration;
import java.util.Optional;
import java.util.Set;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;
import spark.jobserver.api.auth.Identity;

class AuditLineTest {
  private static final Optional<Identity> ADA =
      Optional.of(new Identity("ada", "local", Set.of("*"), true));

  private static AuditLine line(
      Optional<Identity> caller, String command, AuditLine.Outcome outcome) {
    return new AuditLine(3, caller, command, outcome, Duration.ofMillis(7));
  }

  @Test
  void tellsWhoWantedWhatAndWhatBecameOfIt() {
    assertThat(line(ADA, "jobs 5", AuditLine.Outcome.DONE).fields().toString())
        .isEqualTo(
            "{request=shell-3, caller=ada, way=shell, client=unix, command=jobs 5, outcome=done,"
                + " ms=7}");
    assertThat(line(Optional.empty(), "", AuditLine.Outcome.REFUSED).fields())
        .containsEntry("caller", "-")
        .containsEntry("command", "-")
        .containsEntry("outcome", "refused");
  }

  @ParameterizedTest
  @ValueSource(strings = {"a\r\nb", "a\nb", "a\u0085b", "a\u2028b", "a\u001bb", "a\"b", "a\tb"})
  void nothingInItEndsALineOrAValue(String command) {
    assertThat(line(ADA, command, AuditLine.Outcome.FAILED).fields().get("command"))
        .matches("a\\?+b");
  }

  @Test
  void aLongCommandIsCut() {
    assertThat(line(ADA, "x".repeat(5000), AuditLine.Outcome.DONE).fields().get("command"))
        .hasSizeLessThan(1010);
  }
}
