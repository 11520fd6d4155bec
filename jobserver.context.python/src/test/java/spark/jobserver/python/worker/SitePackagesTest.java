package spark.jobserver.python.worker;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Instant;
import java.util.List;
import java.util.Map;
import java.util.zip.ZipException;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;
import spark.jobserver.api.Binary;
import spark.jobserver.api.BinaryType;
import spark.jobserver.api.context.JobRequest.Dependency;

class SitePackagesTest {
  @TempDir Path folder;

  private Dependency binary(BinaryType type, String name, Map<String, String> files)
      throws IOException {
    return new Dependency(of(type, name), Zips.write(folder.resolve(name), files));
  }

  private static Binary of(BinaryType type, String name) {
    return new Binary(name, type, Instant.EPOCH, "ab".repeat(32), 7);
  }

  private Map<String, String> written(Dependency... binaries) throws IOException {
    Path zip = folder.resolve("written.zip");
    SitePackages.write(List.of(binaries), zip);
    return Zips.read(zip);
  }

  @Test
  void ofFilesWithTheSameNameTheFirstCounts() throws IOException {
    assertThat(
            written(
                binary(BinaryType.EGG, "one", Map.of("a/b.py", "one", "c.py", "c")),
                binary(BinaryType.WHEEL, "two", Map.of("a/b.py", "two", "a/d.py", "d"))))
        .isEqualTo(Map.of("a/b.py", "one", "c.py", "c", "a/d.py", "d"));
  }

  @Test
  void aWheelIsLaidOutAsPipDoes() throws IOException {
    Map<String, String> files =
        Map.of(
            "a/__init__.py", "a",
            "a/__pycache__/b.pyc", "old",
            "a-1.data/purelib/b.py", "b",
            "a-1.data/platlib/c/d.so", "d",
            "a-1.data/scripts/run", "run",
            "a-1.dist-info/METADATA", "m");
    assertThat(written(binary(BinaryType.WHEEL, "wheel", files)))
        .containsOnlyKeys("a/__init__.py", "b.py", "c/d.so", "a-1.dist-info/METADATA");
    assertThat(written(binary(BinaryType.EGG, "egg", files)))
        .as("in an egg these are plain folders")
        .hasSize(5)
        .containsKeys("a-1.data/scripts/run");
  }

  @ParameterizedTest
  @ValueSource(
      strings = {"../a.py", "a/../../b.py", "/a.py", "a\\..\\..\\b.py", "..", "a/..", "\n/../a"})
  void whatWouldLieOutsideIsRefused(String name) throws IOException {
    Dependency evil = binary(BinaryType.EGG, "evil", Map.of(name, "x"));
    assertThatThrownBy(() -> written(evil))
        .hasMessage(
            "The binary evil cannot be unpacked: '" + name + "' would lie outside its folder");
  }

  @ParameterizedTest
  @ValueSource(strings = {"a..b.py", "...", "a/..b/c.py"})
  void dotsAreNotRefusedInNames(String name) throws IOException {
    assertThat(SitePackages.place(name, BinaryType.EGG)).contains(name);
  }

  @Test
  void whatIsNoArchiveIsNamed() throws IOException {
    Path file = Files.writeString(folder.resolve("text"), "text");
    assertThatThrownBy(() -> written(new Dependency(of(BinaryType.EGG, "lib"), file)))
        .hasMessageStartingWith("The binary lib cannot be unpacked: ")
        .hasCauseInstanceOf(ZipException.class);
  }

  @Test
  void whatIsDamagedIsNamed() throws IOException {
    Dependency lib = binary(BinaryType.EGG, "lib", Map.of("a.py", "x = 1234567890123456789"));
    byte[] bytes = Files.readAllBytes(lib.archive());
    String text = new String(bytes, StandardCharsets.ISO_8859_1);
    int sum = text.indexOf("PK\001\002") + 16;
    bytes[sum] ^= 1;
    Files.write(lib.archive(), bytes);
    assertThatThrownBy(() -> written(lib))
        .hasMessage("The binary lib cannot be unpacked: bad CRC-32 of a.py");
  }

  @ParameterizedTest
  @CsvSource({
    "WHEEL, a/_speed.cpython-311-x86_64-linux-gnu.so, true",
    "EGG, _speed.so, true",
    "WHEEL, a.libs/libz-1a2b.so.1.2.11, true",
    "WHEEL, a/_speed.dylib, true",
    "WHEEL, a-1.data/purelib/a.py, true",
    "EGG, a-1.data/purelib/a.py, false",
    "WHEEL, a/so.py, false",
    "WHEEL, a/read.so.txt, false",
    "WHEEL, a-1.data/scripts/run, false"
  })
  void whatHasCompiledPartsMustBeUnpacked(BinaryType type, String file, boolean must)
      throws IOException {
    Dependency one = binary(type, "one", Map.of("a/__init__.py", "", file, ""));
    assertThat(SitePackages.mustBeUnpacked(one.binary(), one.archive())).isEqualTo(must);
  }

  @Test
  void whatCannotBeReadIsLeftToOthers() throws IOException {
    Path file = Files.writeString(folder.resolve("text"), "text");
    assertThat(SitePackages.mustBeUnpacked(of(BinaryType.EGG, "lib"), file)).isFalse();
  }
}
