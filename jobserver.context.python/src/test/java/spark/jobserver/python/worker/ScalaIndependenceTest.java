package spark.jobserver.python.worker;

import static java.nio.charset.StandardCharsets.ISO_8859_1;
import static org.assertj.core.api.Assertions.assertThat;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;

/**
 * One bundle runs on Spark 3.5 with Scala 2.12 as on Spark 4 with Scala 2.13, as long as it uses
 * nothing whose signature has a Scala collection: these are not the same in both.
 */
class ScalaIndependenceTest {
  @Test
  void noClassRefersToScalaCollections() throws IOException {
    List<Path> classes;
    try (Stream<Path> files = Files.walk(Path.of("target/classes"))) {
      classes = files.filter(file -> file.toString().endsWith(".class")).toList();
    }
    assertThat(classes).isNotEmpty();
    for (Path file : classes) {
      assertThat(Files.readString(file, ISO_8859_1))
          .as(file.toString())
          .doesNotContain("scala/collection");
    }
  }
}
