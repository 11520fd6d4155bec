package spark.jobserver.python.worker;

import static org.assertj.core.api.Assertions.assertThat;

import org.junit.jupiter.api.Test;

class ExitStatusTest {
  @Test
  void signalsHaveTheirNames() {
    assertThat(ExitStatus.inWords("signal 9")).isEqualTo("signal 9 (SIGKILL)");
    assertThat(ExitStatus.inWords("signal 64")).isEqualTo("signal 64");
    assertThat(ExitStatus.inWords("exit 3")).isEqualTo("exit 3");
    assertThat(ExitStatus.ofCode(139)).isEqualTo("signal 11 (SIGSEGV)");
    assertThat(ExitStatus.ofCode(1)).isEqualTo("exit 1");
  }
}
