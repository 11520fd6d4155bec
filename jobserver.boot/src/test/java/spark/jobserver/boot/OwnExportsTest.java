package spark.jobserver.boot;

import static org.assertj.core.api.Assertions.assertThat;

import java.nio.file.Path;
import java.util.List;
import java.util.Map;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class OwnExportsTest {
  @Test
  void readsNamesAndNeitherAttributesNorDirectives() {
    assertThat(
            OwnExports.packages(
                "a.b;version=\"1.0\";uses:=\"c.d,e.f\",g.h;i.j;version=2;x:=y , k.l"))
        .containsExactlyInAnyOrder("a.b", "g.h", "i.j", "k.l");
  }

  @Test
  void readsTheManifestsOfBundles(@TempDir Path folder) throws Exception {
    Path exporting = Jars.bundle(folder.resolve("a.jar"), Map.of("Export-Package", "a.b, c"));
    Path silent = Jars.bundle(folder.resolve("b.jar"), Map.of());
    Path noBundle = Jars.of(folder.resolve("c.jar"), "a.txt");
    assertThat(OwnExports.of(List.of(exporting, silent, noBundle)))
        .containsExactlyInAnyOrder("a.b", "c");
  }
}
