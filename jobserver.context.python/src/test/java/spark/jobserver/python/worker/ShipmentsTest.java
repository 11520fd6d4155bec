package spark.jobserver.python.worker;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.NoSuchFileException;
import java.nio.file.Path;
import java.time.Instant;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import spark.jobserver.api.Binary;
import spark.jobserver.api.BinaryType;
import spark.jobserver.api.context.JobRequest;
import spark.jobserver.api.context.JobRequest.Dependency;

class ShipmentsTest {
  private static final String DIGEST = "ab".repeat(32);

  @TempDir Path folder;
  private final List<Path> added = new ArrayList<>();
  private final Map<String, Path> unpacked = new LinkedHashMap<>();
  private Path archive;
  private Shipments shipments;

  @BeforeEach
  void shipBase() throws IOException {
    archive = Files.writeString(folder.resolve("archive"), "content");
    Shipments.Carrier carrier =
        new Shipments.Carrier() {
          @Override
          public void file(Path file) {
            added.add(file);
          }

          @Override
          public void unpacked(Path file, String name) {
            unpacked.put(name, file);
          }
        };
    shipments = new Shipments(folder.resolve("base.zip"), folder.resolve("shipped"), carrier);
  }

  private Shipment ship(Binary binary, Path file, Dependency... dependencies) throws IOException {
    return shipments.ship(
        new JobRequest("id", "a.B", binary, file, List.of(dependencies), "{}", folder));
  }

  private static Binary binary(BinaryType type) {
    return binary(type, DIGEST);
  }

  private static Binary binary(BinaryType type, String digest) {
    return new Binary("any name", type, Instant.EPOCH, digest, 7);
  }

  private Dependency dependency(String digit, String file) throws IOException {
    Path zip = Zips.write(folder.resolve(digit), Map.of(file, digit));
    return new Dependency(binary(BinaryType.WHEEL, digit.repeat(64)), zip);
  }

  @Test
  void aBinaryIsShippedOnceUnderANameThatPythonImportsFrom() throws IOException {
    for (int i = 0; i < 2; i++) {
      Shipment shipment = ship(binary(BinaryType.EGG), archive);
      assertThat(shipment.includes()).containsExactly("base.zip", DIGEST + ".egg");
      assertThat(shipment.dependencies()).isEmpty();
      assertThat(shipment.key()).isEqualTo(DIGEST);
    }
    assertThat(added)
        .containsExactly(
            folder.resolve("base.zip"), folder.resolve("shipped").resolve(DIGEST + ".egg"));
    assertThat(added.get(1)).hasContent("content");
    assertThat(unpacked).isEmpty();
  }

  @Test
  void aWheelIsShippedAsAZip() throws IOException {
    assertThat(ship(binary(BinaryType.WHEEL), archive).includes())
        .containsExactly("base.zip", DIGEST + ".zip");
  }

  @Test
  void whatCouldNotBeShippedIsTriedAgain() throws IOException {
    Path missing = folder.resolve("missing");
    assertThatThrownBy(() -> ship(binary(BinaryType.EGG), missing))
        .isInstanceOf(NoSuchFileException.class);
    ship(binary(BinaryType.EGG), archive);
    assertThat(added).hasSize(2);
  }

  @Test
  void aBinaryWithCompiledPartsIsUnpackedThereOnce() throws IOException {
    Path wheel = Zips.write(folder.resolve("wheel"), Map.of("a-1.data/platlib/a.so", "code"));
    for (int i = 0; i < 2; i++) {
      assertThat(ship(binary(BinaryType.WHEEL), wheel).includes())
          .containsExactly("base.zip", DIGEST + "-wheel");
    }
    assertThat(added).hasSize(1);
    assertThat(unpacked).containsOnlyKeys(DIGEST + "-wheel");
    assertThat(Zips.read(unpacked.get(DIGEST + "-wheel"))).isEqualTo(Map.of("a.so", "code"));
  }

  @Test
  void whatAJobDependsOnIsShippedAsOneAndComesAfterItsBinary() throws IOException {
    Dependency one = dependency("1", "one.py");
    Dependency two = dependency("2", "two.py");

    Shipment shipment = ship(binary(BinaryType.EGG), archive, one, two, one);
    ship(binary(BinaryType.EGG, "cd".repeat(32)), archive, one, two);

    Shipment.Dependencies dependencies = shipment.dependencies().orElseThrow();
    assertThat(dependencies.binaries()).containsExactly(one, two);
    assertThat(shipment.key()).isEqualTo(DIGEST + "+" + dependencies.digest());
    assertThat(shipment.includes())
        .containsExactly("base.zip", dependencies.digest(), DIGEST + ".egg");
    assertThat(unpacked).as("once for both jobs").containsOnlyKeys(dependencies.digest());
    assertThat(Zips.read(unpacked.get(dependencies.digest())))
        .isEqualTo(Map.of("one.py", "1", "two.py", "2"));
  }

  @Test
  void othersOrTheSameInAnotherOrderAreNotTheSame() throws IOException {
    Dependency one = dependency("1", "one.py");
    Dependency two = dependency("2", "two.py");
    for (List<Dependency> some :
        List.of(List.of(one), List.of(two), List.of(one, two), List.of(two, one))) {
      ship(binary(BinaryType.EGG), archive, some.toArray(Dependency[]::new));
    }
    assertThat(unpacked).hasSize(4);
  }
}
