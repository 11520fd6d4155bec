package spark.jobserver.boot;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.nio.file.Files;
import java.nio.file.Path;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class SparkHomeTest {
  @TempDir Path home;

  @Test
  void takesTheVersionFromTheNameOfTheJar() throws Exception {
    assertThat(spark("spark-core_2.13-4.1.0-preview2.jar").version()).isEqualTo("4.1.0-preview2");
  }

  @Test
  void acceptsSpark35() throws Exception {
    SparkHome spark = spark("spark-core_2.12-3.5.9.jar");
    assertThat(spark.version()).isEqualTo("3.5.9");
    assertThat(spark.folder()).isEqualTo(home);
  }

  @Test
  void refusesAnOlderSpark() {
    assertThatThrownBy(() -> spark("spark-core_2.12-3.4.4.jar"))
        .hasMessageContaining("version 3.4.4")
        .hasMessageContaining("3.5 or newer");
  }

  @Test
  void saysThatThereIsNoSpark() {
    assertThatThrownBy(() -> SparkHome.of(null)).hasMessageContaining("SPARK_HOME is not set");
    assertThatThrownBy(() -> SparkHome.of(home.toString()))
        .isInstanceOfSatisfying(
            CannotStart.class, e -> assertThat(e.code()).isEqualTo(ExitCode.SPARK))
        .hasMessageContaining(home.toString())
        .hasMessageContaining("spark-core");
  }

  @Test
  void comparesVersionsByNumber() {
    SparkHome spark = new SparkHome(home, "4.10.2");
    assertThat(spark.isAtLeast(4, 9)).isTrue();
    assertThat(spark.isAtLeast(4, 11)).isFalse();
    assertThat(spark.isAtLeast(5, 0)).isFalse();
  }

  @Test
  void warnsOfAnOldSparkOnANewJava() {
    SparkHome old = new SparkHome(home, "4.0.5");
    SparkHome current = new SparkHome(home, "4.1.0");
    assertThat(JavaCheck.warning(21, old)).isEmpty();
    assertThat(JavaCheck.warning(25, current)).isEmpty();
    assertThat(JavaCheck.warning(25, old)).get().asString().contains("4.0.5", "Java 25");
  }

  @Test
  void refusesAnOldJava() {
    assertThatThrownBy(() -> JavaCheck.check(11))
        .isInstanceOfSatisfying(
            CannotStart.class, e -> assertThat(e.code()).isEqualTo(ExitCode.JAVA))
        .hasMessageContaining("Java 11");
  }

  private SparkHome spark(String core) throws Exception {
    Path jars = Files.createDirectory(home.resolve("jars"));
    Jars.of(jars.resolve(core));
    return SparkHome.of(home.toString());
  }
}
