package spark.jobserver.python.worker;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Optional;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

class InterpreterTest {
  private final Interpreter interpreter = interpreter("4.0.5");

  private static Interpreter interpreter(String spark) {
    return new Interpreter("python3", "python.executable", Path.of("/spark"), spark);
  }

  private String failure(String version, String lastWords) {
    return interpreter.failure(Optional.of(version), 1, lastWords);
  }

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

  @ParameterizedTest
  @CsvSource({
    "3.5.9, 10",
    "4.0.5, 10",
    "4.2.1, 10",
    "4.3.0, 11",
    "4.10.0, 11",
    "5.0.0, 11",
    "odd, 10"
  })
  void whatIsOldDependsOnSpark(String spark, int oldest) {
    assertThat(interpreter(spark).refusal("3." + (oldest - 1) + ".1"))
        .contains(
            "python3 is Python 3.%d; Python 3.%d or newer is needed (python.executable)"
                .formatted(oldest - 1, oldest));
    assertThat(interpreter(spark).refusal("3." + oldest + ".1")).isEmpty();
  }

  @Test
  void anotherPysparkThanTheDriversIsRefused() {
    assertThat(interpreter.refusal("3.5.1", "/opt/pyspark"))
        .contains(
            "The Python interpreter python3 (python.executable) imports PySpark 3.5.1 from"
                + " /opt/pyspark, but the driver runs Spark 4.0.5. Take that folder out of"
                + " python.paths and PYTHONPATH (that of /spark comes by itself), or put PySpark"
                + " 4.0.5 there");
    assertThat(interpreter.refusal("4.0.4", "/opt/pyspark")).isPresent();
    assertThat(interpreter.refusal("4.0.5", "/opt/pyspark")).isEmpty();
  }

  @ParameterizedTest
  @CsvSource({
    "3.5.1-amzn-0, 3.5.1+amzn.0",
    "4.1.0-SNAPSHOT, 4.1.0.dev0",
    "3.5.1, 3.5.1",
    "unknown, 3.5.1",
    "3.5.1, ''"
  })
  void whatAVendorAddsToAVersionIsNoMatter(String spark, String pyspark) {
    assertThat(interpreter(spark).refusal(pyspark, "/opt/pyspark")).isEmpty();
  }

  @Test
  void aMissingOneIsToldWithWhatIsNeeded() {
    assertThat(interpreter.missing(new IOException("No such file")))
        .isEqualTo(
            "The Python interpreter python3 (python.executable) cannot be started: No such file."
                + " Name one that is on the machine where the context's driver runs, by its path or"
                + " as it is found in PATH: Python 3.10 or newer");
  }

  @Test
  void aFailureIsToldWithTheLastWords() {
    assertThat(failure("3.11.7", "boom\n"))
        .isEqualTo(
            "The Python interpreter python3 (python.executable) ended with exit code 1 before it"
                + " was ready. Its last words:\nboom");
    assertThat(interpreter.failure(Optional.empty(), 1, ""))
        .isEqualTo(
            "The Python interpreter python3 (python.executable) ended with exit code 1 before it"
                + " was ready");
  }

  @Test
  void whatIsNoPythonIsToldByWhatItSays() {
    assertThat(failure("cat: invalid option -- 'c'", ""))
        .isEqualTo(
            "The Python interpreter python3 (python.executable) ended with exit code 1 before it"
                + " was ready. It is no Python: asked for its version it says 'cat: invalid option"
                + " -- 'c''; Python 3.10 or newer is needed");
    assertThat(failure("x".repeat(1000), "")).hasSizeLessThan(400);
  }

  @Test
  void aMissingPysparkIsNamed() {
    for (String module : List.of("pyspark", "pyspark.sql", "py4j")) {
      assertThat(failure("3.11.7", "ModuleNotFoundError: No module named '%s'".formatted(module)))
          .startsWith(
              "The Python interpreter python3 (python.executable) cannot import %s: neither /spark"
                      .formatted(module.replace(".sql", ""))
                  + " nor python.paths nor the interpreter itself has it. Set SPARK_HOME to a Spark"
                  + " that has its Python files, or install pyspark==4.0.5 for it. Its last words:");
    }
  }

  @Test
  void oneThatDoesNotHeedItsEnvironmentIsToldSo() {
    assertThat(
            failure(
                "3.11.7",
                "python3: Error while finding module specification for"
                    + " 'sparkjobserver._worker.zygote' (ModuleNotFoundError: No module named"
                    + " 'sparkjobserver')"))
        .contains("does not import what PYTHONPATH names", "-E or -I");
  }

  @Test
  void anOldOneIsNamedWhateverItSays() {
    assertThat(failure("3.6.15", "SyntaxError"))
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
