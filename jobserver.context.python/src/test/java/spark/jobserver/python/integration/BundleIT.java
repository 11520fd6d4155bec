package spark.jobserver.python.integration;

import static org.assertj.core.api.Assertions.assertThat;

import java.util.jar.Attributes;
import java.util.jar.JarFile;
import org.junit.jupiter.api.Test;

class BundleIT {
  @Test
  void saysItselfWhichSparksItRunsOnForTheirJarsDoNot() throws Exception {
    try (JarFile bundle = new JarFile(System.getProperty("bundle"))) {
      Attributes manifest = bundle.getManifest().getMainAttributes();
      assertThat(manifest.getValue("Import-Package"))
          .contains(
              "org.apache.spark;version=\"[3.5,5)\"",
              "org.apache.spark.sql;version=\"[3.5,5)\"",
              "scala;version=\"[2.12,3)\"",
              "py4j;version=\"[0.10.9,0.11)\"");
    }
  }
}
