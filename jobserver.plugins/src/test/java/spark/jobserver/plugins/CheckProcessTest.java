package spark.jobserver.plugins;

import static org.assertj.core.api.Assertions.assertThat;

import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class CheckProcessTest {
  @TempDir Path folder;

  @Test
  void aCheckThatDiesIsAProblemThatTellsWhatItHasSaid() throws Exception {
    Path temporary = folder.resolve("checks");
    CheckProcess check =
        new CheckProcess(folder, folder.resolve("no-boot.jar"), folder, folder, temporary);

    Verdict verdict = check.check(folder.resolve("a.jar"), List.of());

    assertThat(verdict.problems())
        .singleElement()
        .asString()
        .startsWith("It ends the JVM that checks it (exit code 1): ")
        .contains("PluginCheckMain");
    try (Stream<Path> left = Files.list(temporary)) {
      assertThat(left).isEmpty();
    }
  }

  @Test
  void aVerdictWithoutItsEndIsNone() {
    Verdict verdict = new Verdict(List.of("REST /x"), List.of("It throws."), true);
    List<String> lines = verdict.lines();

    assertThat(Verdict.read(lines)).contains(verdict);
    assertThat(Verdict.read(lines.subList(0, lines.size() - 1))).isEmpty();
    assertThat(Verdict.read(List.of())).isEmpty();
  }
}
