package spark.jobserver.boot;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.attribute.PosixFilePermissions;
import java.time.Instant;
import java.util.List;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class DataFolderTest {
  @TempDir Path parent;

  @Test
  void isMadeForItsOwnerAlone() throws Exception {
    try (DataFolder data = DataFolder.take(parent.resolve("a/data"))) {
      assertThat(PosixFilePermissions.toString(Files.getPosixFilePermissions(data.path())))
          .isEqualTo("rwx------");
    }
  }

  @Test
  void isClosedToOthersWhereItWasThere() throws Exception {
    Files.setPosixFilePermissions(parent, PosixFilePermissions.fromString("rwxr-xr-x"));
    DataFolder.take(parent).close();
    assertThat(PosixFilePermissions.toString(Files.getPosixFilePermissions(parent)))
        .isEqualTo("rwxr-x---");
  }

  @Test
  void tellsWhoHoldsItUntilItIsLetGo() throws Exception {
    try (DataFolder data = DataFolder.take(parent)) {
      List<String> lines = Files.readAllLines(data.resolve("server.pid"));
      assertThat(lines.get(0)).isEqualTo(String.valueOf(ProcessHandle.current().pid()));
      assertThat(Instant.parse(lines.get(1))).isBefore(Instant.now());
    }
    assertThat(parent.resolve("server.pid")).doesNotExist();
  }

  @Test
  void isHeldByOneAtATime() throws Exception {
    try (DataFolder data = DataFolder.take(parent)) {
      assertThatThrownBy(() -> DataFolder.take(parent))
          .isInstanceOfSatisfying(
              CannotStart.class, e -> assertThat(e.code()).isEqualTo(ExitCode.DATA))
          .hasMessageContaining("(process " + ProcessHandle.current().pid() + ")")
          .hasMessageContaining("--data");
      assertThat(data.resolve("server.pid")).exists();
    }
    DataFolder.take(parent).close();
  }

  @Test
  void saysThatItCannotBeWritten() throws Exception {
    Path file = Files.createFile(parent.resolve("file"));
    assertThatThrownBy(() -> DataFolder.take(file.resolve("data")))
        .isInstanceOfSatisfying(
            CannotStart.class, e -> assertThat(e.code()).isEqualTo(ExitCode.DATA))
        .hasMessageContaining("cannot be written");
  }
}
