package spark.jobserver.launcher;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.attribute.FileTime;
import java.time.Instant;
import java.util.List;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class ClassArchiveTest {
  @TempDir Path temporary;

  private Path cache;
  private Path jar;
  private ClassArchive archive;

  @BeforeEach
  void layOut() throws IOException {
    cache = temporary.resolve("cache");
    Path spark = Files.createDirectories(temporary.resolve("spark").resolve("jars"));
    jar = Files.writeString(spark.resolve("spark-core.jar"), "classes");
    archive = archive("home");
  }

  private ClassArchive archive(String home) throws IOException {
    Path driver = Files.createDirectories(temporary.resolve(home).resolve("driver"));
    Path bundle = Files.writeString(driver.resolve("bundle.jar"), "ours");
    Files.setLastModifiedTime(bundle, FileTime.from(Instant.EPOCH));
    return new ClassArchive(cache, jar.getParent(), List.of(driver));
  }

  @Test
  void what_a_jvm_has_written_is_the_archive_once_it_has_ended_well() throws IOException {
    assertThat(archive.exists()).isFalse();
    Path part = archive.part();
    Files.writeString(part, "classes");
    assertThat(archive.exists()).isFalse();
    archive.publish(part, true);
    assertThat(archive.exists()).isTrue();
    assertThat(archive.file()).hasContent("classes");
  }

  @Test
  void what_a_jvm_has_written_that_was_killed_is_removed() throws IOException {
    Path part = archive.part();
    Files.writeString(part, "cla");
    archive.publish(part, false);
    assertThat(archive.exists()).isFalse();
    assertThat(cache).isEmptyDirectory();
  }

  @Test
  void a_jvm_that_has_written_nothing_makes_no_archive() throws IOException {
    archive.publish(archive.part(), true);
    assertThat(archive.exists()).isFalse();
  }

  @Test
  void another_spark_or_another_bundle_needs_another_archive() throws IOException {
    Path before = archive.file();
    assertThat(archive("home").file()).isEqualTo(before);
    Files.writeString(jar, "other classes");
    Path other = archive("home").file();
    assertThat(other).isNotEqualTo(before);
    Files.writeString(temporary.resolve("home").resolve("driver").resolve("new.jar"), "new");
    assertThat(archive("home").file()).isNotEqualTo(other);
  }

  @Test
  void the_same_bundles_elsewhere_do_not() throws IOException {
    assertThat(archive("other home").file()).isEqualTo(archive.file());
  }

  @Test
  void a_few_old_ones_are_kept() throws IOException {
    for (int age = 1; age <= 5; age++) {
      Path old =
          Files.writeString(Files.createDirectories(cache).resolve("driver-" + age + ".jsa"), "x");
      Files.setLastModifiedTime(old, FileTime.from(Instant.now().minusSeconds(age * 1000L)));
    }
    Files.writeString(cache.resolve("spark-packages-1.txt"), "not ours");
    Path part = archive.part();
    Files.writeString(part, "classes");
    archive.publish(part, true);
    assertThat(cache)
        .isDirectoryContaining(file -> file.equals(archiveFile()))
        .isDirectoryContaining("glob:**/driver-1.jsa")
        .isDirectoryContaining("glob:**/driver-2.jsa")
        .isDirectoryContaining("glob:**/spark-packages-1.txt")
        .isDirectoryNotContaining("glob:**/driver-[345].jsa");
  }

  private Path archiveFile() {
    try {
      return archive.file();
    } catch (IOException e) {
      throw new AssertionError(e);
    }
  }
}
