package spark.jobserver.core.data;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.io.ByteArrayInputStream;
import java.io.IOException;
import java.io.InputStream;
import java.io.SequenceInputStream;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Clock;
import java.time.Instant;
import java.time.ZoneOffset;
import java.util.List;
import java.util.stream.Stream;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import spark.jobserver.api.server.ErrorCode;
import spark.jobserver.api.server.JobserverException;
import spark.jobserver.core.Spool;

class StoredDataFilesTest {
  private static final Instant NOW = Instant.parse("2026-01-02T03:04:05.678Z");

  @TempDir Path root;
  private Path folder;
  private Path spool;
  private StoredDataFiles files;

  @BeforeEach
  void make() throws IOException {
    folder = Files.createDirectory(root.resolve("files"));
    spool = Files.createDirectory(root.resolve("spool"));
    files = new StoredDataFiles(folder, new Spool(spool), Clock.fixed(NOW, ZoneOffset.UTC));
  }

  private static InputStream bytes(String text) {
    return new ByteArrayInputStream(text.getBytes(StandardCharsets.UTF_8));
  }

  @Test
  void an_upload_is_a_file_of_its_own_that_begins_with_the_prefix() throws IOException {
    Path first = files.upload("prefix", bytes("one"));
    Path second = files.upload("prefix", bytes("two"));

    assertThat(first).isEqualTo(folder.resolve("prefix-2026-01-02T03_04_05.678Z.dat"));
    assertThat(first).hasContent("one");
    assertThat(second).hasContent("two").isNotEqualTo(first).hasParent(folder);
    assertThat(files.list()).containsExactlyInAnyOrder(first, second);
    assertThat(spool).isEmptyDirectory();
  }

  @Test
  void a_prefix_is_never_a_path() throws IOException {
    for (String prefix :
        List.of(
            "../../x",
            "/etc/passwd",
            "..",
            ".",
            "a\0b",
            "a\nb",
            "\u00e4\u4e2d",
            "",
            "x".repeat(5000))) {
      Path file = files.upload(prefix, bytes(prefix));
      assertThat(file).hasParent(folder).hasContent(prefix);
      assertThat(file.getFileName().toString()).matches("[A-Za-z0-9_-][A-Za-z0-9._-]*");
    }
    try (Stream<Path> all = Files.walk(root)) {
      assertThat(all.filter(Files::isRegularFile)).allMatch(file -> file.startsWith(folder));
    }
  }

  @Test
  void an_upload_that_breaks_off_leaves_nothing() {
    InputStream broken =
        new InputStream() {
          @Override
          public int read() throws IOException {
            throw new IOException("connection reset");
          }

          @Override
          public int read(byte[] bytes, int offset, int length) throws IOException {
            return read();
          }
        };
    InputStream body = new SequenceInputStream(bytes("x".repeat(100_000)), broken);
    assertThatThrownBy(() -> files.upload("prefix", body)).hasMessage("connection reset");
    assertThat(files.list()).isEmpty();
    assertThat(spool).isEmptyDirectory();
  }

  @Test
  void only_files_of_the_folder_can_be_removed() throws IOException {
    Path file = files.upload("prefix", bytes("one"));
    Path other = Files.writeString(root.resolve("other"), "stays");
    Path inside = Files.createDirectory(folder.resolve("inside"));
    for (String path :
        List.of(
            other.toString(),
            folder + "/../other",
            "../other",
            file.getFileName().toString(),
            folder.toString(),
            "",
            "\0",
            folder + "/unknown.dat")) {
      assertThatThrownBy(() -> files.delete(path))
          .isInstanceOfSatisfying(
              JobserverException.class,
              e -> assertThat(e.code()).isEqualTo(ErrorCode.DATA_NOT_FOUND))
          .hasMessage("Unable to delete data file '" + path + "'.");
    }
    assertThat(other).exists();
    Files.delete(inside);

    files.delete(file.toString());
    assertThat(files.list()).isEmpty();
  }

  @Test
  void all_files_can_be_removed_at_once() throws IOException {
    files.upload("a", bytes("one"));
    files.upload("b", bytes("two"));
    files.clear();
    assertThat(files.list()).isEmpty();
  }
}
