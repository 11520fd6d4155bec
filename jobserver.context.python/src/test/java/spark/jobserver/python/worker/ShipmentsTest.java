package spark.jobserver.python.worker;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.NoSuchFileException;
import java.nio.file.Path;
import java.time.Instant;
import java.util.ArrayList;
import java.util.List;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import spark.jobserver.api.Binary;
import spark.jobserver.api.BinaryType;

class ShipmentsTest {
  private static final String DIGEST = "ab".repeat(32);

  @TempDir Path folder;
  private final List<Path> added = new ArrayList<>();
  private Path archive;
  private Shipments shipments;

  @BeforeEach
  void shipBase() throws IOException {
    archive = Files.writeString(folder.resolve("archive"), "content");
    shipments = new Shipments(folder.resolve("base.zip"), folder.resolve("shipped"), added::add);
  }

  @Test
  void aBinaryIsShippedOnceUnderANameThatPythonImportsFrom() throws IOException {
    for (int i = 0; i < 2; i++) {
      assertThat(shipments.ship(binary(BinaryType.EGG), archive))
          .containsExactly("base.zip", DIGEST + ".egg");
    }
    assertThat(added)
        .containsExactly(
            folder.resolve("base.zip"), folder.resolve("shipped").resolve(DIGEST + ".egg"));
    assertThat(added.get(1)).hasContent("content");
  }

  @Test
  void aWheelIsShippedAsAZip() throws IOException {
    assertThat(shipments.ship(binary(BinaryType.WHEEL), archive))
        .containsExactly("base.zip", DIGEST + ".zip");
  }

  @Test
  void whatCouldNotBeShippedIsTriedAgain() throws IOException {
    Path missing = folder.resolve("missing");
    assertThatThrownBy(() -> shipments.ship(binary(BinaryType.EGG), missing))
        .isInstanceOf(NoSuchFileException.class);
    shipments.ship(binary(BinaryType.EGG), archive);
    assertThat(added).hasSize(2);
  }

  private static Binary binary(BinaryType type) {
    return new Binary("any name", type, Instant.EPOCH, DIGEST, 7);
  }
}
