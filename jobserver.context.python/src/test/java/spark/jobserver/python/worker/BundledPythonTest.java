package spark.jobserver.python.worker;

import static java.nio.charset.StandardCharsets.UTF_8;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Map;
import java.util.zip.ZipEntry;
import java.util.zip.ZipFile;
import java.util.zip.ZipOutputStream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class BundledPythonTest {
  @TempDir Path folder;

  @Test
  void modulesAndWheelsAreUnpacked() throws IOException {
    BundledPython python = BundledPython.unpack(List.of(ours()), List.of(), folder.resolve("p"));
    assertThat(python.library().resolve("sparkjobserver/api.py")).hasContent("api");
    assertThat(python.wheels())
        .containsExactly(folder.resolve("p/wheels/pyhocon-1-py3-none-any.whl").toAbsolutePath());
  }

  @Test
  void executorsGetAllInOneZip() throws IOException {
    BundledPython python =
        BundledPython.unpack(
            List.of(extension(), ours()), List.of("META-INF/python"), folder.resolve("p"));
    try (ZipFile zip = new ZipFile(python.executors().toFile())) {
      assertThat(zip.stream().map(ZipEntry::getName))
          .containsExactlyInAnyOrder(
              "sparkjobserver/api.py", "pyhocon/__init__.py", "helper/__init__.py");
    }
  }

  @Test
  void theZipIsNamedByItsContent() throws IOException {
    Path one = executors("one", List.of(ours()), List.of());
    Path same = executors("two", List.of(ours()), List.of());
    Path other = executors("three", List.of(extension(), ours()), List.of("META-INF/python"));
    assertThat(one.getFileName()).isEqualTo(same.getFileName());
    assertThat(one).hasSameBinaryContentAs(same);
    assertThat(one.getFileName()).isNotEqualTo(other.getFileName());
  }

  @Test
  void anExtensionAddsModulesAndReplacesNone() throws IOException {
    Path extension =
        jar("own.jar", Map.of("py/helper.py", text("h"), "py/sparkjobserver/api.py", text("x")));
    BundledPython python =
        BundledPython.unpack(List.of(extension, ours()), List.of("py/"), folder.resolve("p"));
    assertThat(python.library().resolve("helper.py")).hasContent("h");
    assertThat(python.library().resolve("sparkjobserver/api.py")).hasContent("api");
  }

  @Test
  void nothingIsWrittenOutsideTheFolder() throws IOException {
    Path evil = jar("evil.jar", Map.of("py/../../../evil.py", text("x")));
    assertThatThrownBy(
            () -> BundledPython.unpack(List.of(evil, ours()), List.of("py"), folder.resolve("p")))
        .hasMessageContaining("evil.py");
  }

  @Test
  void whatIsMissingIsNamed() throws IOException {
    Path extension = extension();
    assertThatThrownBy(
            () -> BundledPython.unpack(List.of(extension), List.of(), folder.resolve("p")))
        .hasMessageContaining("META-INF/python/sparkjobserver/");
    Path ours = ours();
    assertThatThrownBy(
            () -> BundledPython.unpack(List.of(ours), List.of("nowhere"), folder.resolve("p")))
        .hasMessageContaining("no folder nowhere");
  }

  private Path executors(String name, List<Path> bundles, List<String> extensions)
      throws IOException {
    return BundledPython.unpack(bundles, extensions, folder.resolve(name)).executors();
  }

  private Path ours() throws IOException {
    return jar(
        "ours.jar",
        Map.of(
            "META-INF/python/sparkjobserver/api.py",
            text("api"),
            "META-INF/python/wheels/pyhocon-1-py3-none-any.whl",
            zip(Map.of("pyhocon/__init__.py", text("pyhocon")))));
  }

  private Path extension() throws IOException {
    return jar("extension.jar", Map.of("META-INF/python/helper/__init__.py", text("help")));
  }

  private Path jar(String name, Map<String, byte[]> files) throws IOException {
    return Files.write(folder.resolve(name), zip(files));
  }

  private static byte[] text(String content) {
    return content.getBytes(UTF_8);
  }

  private static byte[] zip(Map<String, byte[]> files) throws IOException {
    ByteArrayOutputStream bytes = new ByteArrayOutputStream();
    try (ZipOutputStream out = new ZipOutputStream(bytes)) {
      for (var file : files.entrySet()) {
        out.putNextEntry(new ZipEntry(file.getKey()));
        out.write(file.getValue());
      }
    }
    return bytes.toByteArray();
  }
}
