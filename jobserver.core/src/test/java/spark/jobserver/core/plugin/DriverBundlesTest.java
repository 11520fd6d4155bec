package spark.jobserver.core.plugin;

import static org.assertj.core.api.Assertions.assertThat;

import java.nio.file.Path;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

class DriverBundlesTest {
  @TempDir Path folder;

  @ParameterizedTest
  @CsvSource(
      delimiter = '|',
      value = {
        "org.apache.spark | (&(osgi.wiring.package=org.apache.spark)(version>=3.5.0)(!(version>=5.0.0))) | true",
        "jakarta.ws.rs | (&(osgi.wiring.package=jakarta.ws.rs)(version>=3.1.0)(!(version>=4.0.0))) | false",
        "jakarta.ws.rs | (osgi.wiring.package=jakarta.ws.rs) | true",
        "org.example | (osgi.wiring.package=org.example) | false",
        "org.apache.spark | (&(osgi.wiring.package=org.apache.spark)(bundle-symbolic-name=a)) | false"
      })
  void aPackageOfSparksIsOfferedInItsVersion(String name, String filter, boolean offered)
      throws Exception {
    DriverBundles bundles = new DriverBundles(folder, "jakarta.ws.rs=3.0.0,org.apache.spark=4.0.5");
    assertThat(bundles.offersPackage(name, filter)).isEqualTo(offered);
  }

  @Test
  void withoutAListNothingIsOffered() throws Exception {
    assertThat(new DriverBundles(folder, "").offersPackage("a", "(osgi.wiring.package=a)"))
        .isFalse();
  }
}
