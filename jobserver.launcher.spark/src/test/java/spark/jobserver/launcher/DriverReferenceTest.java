package spark.jobserver.launcher;

import static org.assertj.core.api.Assertions.assertThat;

import java.nio.file.Path;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

class DriverReferenceTest {
  @Test
  void a_reference_is_one_line_that_reads_back() {
    DriverReference reference =
        new DriverReference(4711, 8812345, "5d1c.2", Path.of("/my data/contexts/5d1c"));
    assertThat(reference.line()).isEqualTo("4711 8812345 5d1c.2 /my data/contexts/5d1c");
    assertThat(DriverReference.parse(reference.line())).contains(reference);
  }

  @ParameterizedTest
  @ValueSource(strings = {"", "4711", "4711 12 m", "x 12 m /f", "99999999999999999999 1 m /f"})
  void a_line_that_is_no_reference_is_unreadable(String line) {
    assertThat(DriverReference.parse(line)).isEmpty();
  }

  @Test
  void the_name_of_a_program_may_hold_brackets_and_spaces() {
    String stat = "42 (a) b (c) S 7 42 42 0 -1 4194560 1 0 0 0 0 0 0 0 20 0 1 0 9876 1 1 1 1 1 1";
    assertThat(ProcessEntry.parse(stat)).contains(new ProcessEntry(42, 7, 9876, 'S'));
    assertThat(ProcessEntry.parse("nonsense")).isEmpty();
  }

  @Test
  void a_later_process_of_the_same_id_is_not_the_driver() {
    ProcessEntry self = ProcessEntry.find(ProcessHandle.current().pid()).orElseThrow();
    Path folder = Path.of("/data");
    assertThat(new DriverReference(self.pid(), self.startTime(), "m.1", folder).runs()).isTrue();
    assertThat(new DriverReference(self.pid(), self.startTime() - 1, "m.1", folder).runs())
        .isFalse();
  }
}
