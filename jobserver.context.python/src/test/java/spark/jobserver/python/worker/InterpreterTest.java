package spark.jobserver.python.worker;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Optional;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class InterpreterTest {
  private final Interpreter interpreter = new Interpreter("python3");

  @Test
  void onlyOldOnesAreRefused() {
    assertThat(interpreter.refusal("3.9.18"))
        .contains("python3 is Python 3.9; Python 3.10 or newer is needed (python.executable)");
    assertThat(interpreter.refusal("2.7.18")).isPresent();
    assertThat(interpreter.refusal("3.10.13")).isEmpty();
    assertThat(interpreter.refusal("3.15.0a1")).isEmpty();
    assertThat(interpreter.refusal("4.0")).isEmpty();
    assertThat(interpreter.refusal("PyPy")).isEmpty();
  }

  @Test
  void aFailureIsToldWithTheLastWords() {
    assertThat(interpreter.failure(Optional.of("3.11.7"), 1, "boom\n"))
        .isEqualTo(
            "The Python interpreter python3 ended with exit code 1 before it was ready."
                + " Its last words:\nboom");
    assertThat(interpreter.failure(Optional.empty(), 1, ""))
        .isEqualTo("The Python interpreter python3 ended with exit code 1 before it was ready");
  }

  @Test
  void aMissingPysparkIsNamed() {
    assertThat(
            interpreter.failure(
                Optional.of("3.11.7"), 1, "ModuleNotFoundError: No module named 'pyspark'"))
        .startsWith("python3 cannot import pyspark");
  }

  @Test
  void anOldOneIsNamedWhateverItSays() {
    assertThat(interpreter.failure(Optional.of("3.6.15"), 1, "SyntaxError"))
        .startsWith("python3 is Python 3.6; Python 3.10 or newer is needed")
        .endsWith("SyntaxError");
  }

  @Test
  void onlyTheEndOfALongLogIsTold(@TempDir Path folder) throws IOException {
    Path log = Files.writeString(folder.resolve("log"), "begin\n" + "line\n".repeat(2000) + "end");
    assertThat(Interpreter.lastWords(log))
        .startsWith("line\n")
        .endsWith("end")
        .hasSizeLessThan(4100);
    assertThat(Interpreter.lastWords(folder.resolve("missing"))).isEmpty();
  }
}
