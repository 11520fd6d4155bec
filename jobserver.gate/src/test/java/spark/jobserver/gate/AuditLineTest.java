package spark.jobserver.gate;

import static org.assertj.core.api.Assertions.assertThat;

import java.time.Duration;
import java.util.Optional;
import java.util.Set;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;
import spark.jobserver.api.auth.Identity;

class AuditLineTest {
  private static AuditLine line(String name, String path, boolean refused, int status) {
    Optional<Identity> caller =
        Optional.of(name)
            .filter(known -> !known.isEmpty())
            .map(known -> new Identity(known, "token", Set.of("*"), false));
    return new AuditLine(
        "id", caller, "127.0.0.1:1", "POST", path, refused, status, Duration.ofMillis(7));
  }

  @Test
  void tellsWhoWantedWhatAndWhatBecameOfIt() {
    assertThat(line("ada", "/jobs", false, 202).fields().toString())
        .isEqualTo(
            "{request=id, caller=ada, way=token, client=127.0.0.1:1, method=POST, path=/jobs,"
                + " outcome=done, status=202, ms=7}");
    assertThat(line("", "/jobs", true, 401).fields())
        .containsEntry("caller", "-")
        .containsEntry("way", "-")
        .containsEntry("outcome", "refused");
    assertThat(line("ada", "/jobs", false, 404).fields()).containsEntry("outcome", "failed");
  }

  @Test
  void whatStrangersAreRefusedIsKeptApart() {
    assertThat(line("", "/jobs", true, 401).ofStranger()).isTrue();
    assertThat(line("", "/jobs", false, 202).ofStranger()).isFalse(); // nobody is asked
    assertThat(line("ada", "/jobs", true, 403).ofStranger()).isFalse();
  }

  @ParameterizedTest
  @ValueSource(
      strings = {"a\r\nb", "a\nb", "a\u0085b", "a\u2028b", "a\u001bb", "a\"b", "a\u202eb", "a\tb"})
  void nothingInItEndsALineOrAValue(String name) {
    assertThat(line(name, "/" + name, false, 202).fields())
        .hasEntrySatisfying("caller", value -> assertThat(value).matches("a\\?+b"))
        .hasEntrySatisfying("path", value -> assertThat(value).matches("/a\\?+b"));
  }

  @Test
  void aLongPathIsCut() {
    assertThat(line("ada", "/" + "x".repeat(100_000), false, 404).fields().get("path"))
        .hasSizeLessThan(1010);
  }
}
