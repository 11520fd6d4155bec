package spark.jobserver.python.integration;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.attribute.PosixFilePermissions;
import java.util.List;
import java.util.concurrent.TimeUnit;
import org.apache.spark.SparkContext$;
import org.apache.spark.package$;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;
import spark.jobserver.python.PythonSessionContextFactory;

@Timeout(60)
class BrokenContextIT {
  private static final String PYTHON = System.getProperty("python", "python3");

  @TempDir Path folder;

  @BeforeEach
  void needsSpark() throws Exception {
    ContextUnderTest.needsSpark(folder);
  }

  @Test
  void aContextWhoseSparkWasStoppedSaysSo() throws Exception {
    try (ContextUnderTest context =
        new ContextUnderTest(new PythonSessionContextFactory(), folder, "")) {
      Run run = context.run("StopsSpark", "{}");
      assertThat(context.running.broken().toCompletableFuture().get(30, TimeUnit.SECONDS))
          .contains("ended");
      run.outcome();
      assertThatThrownBy(() -> context.run("Pid", "{}")).hasMessageContaining("no more jobs");
    }
  }

  @Test
  void aClosedContextEndsItsJobsAndIsNotBroken() throws Exception {
    ContextUnderTest context = new ContextUnderTest(new PythonSessionContextFactory(), folder, "");
    Run run = context.run("Sleeps", "{}").valid();
    context.close();
    assertThat(run.failure().message()).isEqualTo("Context (test) for this job was terminated");
    assertThat(context.running.broken().toCompletableFuture()).isNotDone();
  }

  @Test
  void aMissingInterpreterIsNamed() throws Exception {
    assertThatThrownBy(() -> make("python.executable = no-such-python"))
        .hasMessageContaining("The Python interpreter no-such-python (python.executable)")
        .hasMessageContaining("cannot be started");
    nothingIsLeft();
  }

  @Test
  void anInterpreterThatEndsIsToldWithItsLastWords() throws Exception {
    String program = program("echo 'out of order' >&2; exit 3");
    assertThatThrownBy(() -> make("python.executable = \"" + program + "\""))
        .hasMessageContaining("ended with exit code 3 before it was ready")
        .hasMessageContaining("out of order");
    nothingIsLeft();
  }

  @Test
  void anOldInterpreterIsRefused() throws Exception {
    String program = program("[ \"$1\" = -c ] && echo 3.8.18 || exit 1");
    assertThatThrownBy(() -> make("python.executable = \"" + program + "\""))
        .hasMessageContaining("is Python 3.8; Python 3.1")
        .hasMessageContaining(" or newer is needed");
    nothingIsLeft();
  }

  @Test
  void aProgramThatIsNoPythonIsToldSo() throws Exception {
    assertThatThrownBy(() -> make("python.executable = /bin/true"))
        .hasMessageContaining("The Python interpreter /bin/true (python.executable) ended with")
        .hasMessageContaining("It is no Python: asked for its version it says ''");
    nothingIsLeft();
  }

  @Test
  void anInterpreterWithoutPysparkIsToldWhereItHasLooked() throws Exception {
    // Only our own modules are left to it.
    String program =
        program("export PYTHONPATH=\"${PYTHONPATH%%:*}\"; exec " + PYTHON + " -S \"$@\"");
    assertThatThrownBy(() -> make("python.executable = \"" + program + "\""))
        .hasMessageContaining(
            "cannot import pyspark: neither "
                + System.getenv("SPARK_HOME")
                + " nor python.paths nor the interpreter itself has it")
        .hasMessageContaining("or install pyspark==" + package$.MODULE$.SPARK_VERSION());
    nothingIsLeft();
  }

  @Test
  void anInterpreterThatDoesNotHeedItsEnvironmentIsToldSo() throws Exception {
    String program = program("exec " + PYTHON + " -I \"$@\"");
    assertThatThrownBy(() -> make("python.executable = \"" + program + "\""))
        .hasMessageContaining("does not import what PYTHONPATH names");
    nothingIsLeft();
  }

  @Test
  void anotherPysparkThanThatOfTheDriverIsRefused() throws Exception {
    Path other = folder.resolve("other");
    Path pyspark = Files.createDirectories(other.resolve("pyspark"));
    Path sql = Files.createDirectories(pyspark.resolve("sql"));
    Files.writeString(
        pyspark.resolve("__init__.py"),
        "__version__ = '3.1.0'\nRDD = SparkConf = SparkContext = StorageLevel = object\n");
    Files.writeString(pyspark.resolve("java_gateway.py"), "launch_gateway = None\n");
    Files.writeString(pyspark.resolve("cloudpickle.py"), "");
    Files.writeString(
        sql.resolve("__init__.py"), "DataFrame = SparkSession = SQLContext = object\n");
    for (String name : List.of("functions", "types", "window")) {
      Files.writeString(sql.resolve(name + ".py"), "");
    }
    assertThatThrownBy(() -> make("python.paths = [\"" + other + "\"]"))
        .hasMessageContaining(
            "imports PySpark 3.1.0 from " + pyspark + ", but the driver runs Spark ")
        .hasMessageContaining(package$.MODULE$.SPARK_VERSION());
    nothingIsLeft();
  }

  @Test
  void aPackedEnvironmentThatIsNotThereIsNamed() throws Exception {
    assertThatThrownBy(() -> make("python.environment = /no/such/venv.tar.gz"))
        .hasMessageContaining("/no/such/venv.tar.gz (python.environment) is no file");
    nothingIsLeft();
  }

  private void make(String settings) throws Exception {
    new PythonSessionContextFactory().make(ContextUnderTest.request(folder, settings));
  }

  private String program(String script) throws Exception {
    Path program = folder.resolve("interpreter");
    Files.writeString(program, "#!/bin/sh\n" + script + "\n");
    Files.setPosixFilePermissions(program, PosixFilePermissions.fromString("rwx------"));
    return program.toString();
  }

  private static void nothingIsLeft() throws Exception {
    assertThat(SparkContext$.MODULE$.getActive().isEmpty()).isTrue();
    Processes.assertThatAllEnd();
  }
}
