package spark.jobserver.boot.integration;

import static org.assertj.core.api.Assertions.assertThat;
import static org.junit.jupiter.api.Assumptions.assumeTrue;

import java.io.IOException;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import spark.jobserver.boot.Jars;

/** A driver's main program inside a real spark-submit. */
class DriverMainIT {
  @TempDir Path folder;
  private Path bundles;

  @BeforeEach
  void findSpark() {
    assumeTrue(
        System.getenv("SPARK_HOME") != null,
        "SPARK_HOME is not set: DriverMain is not tested with Spark");
    bundles = folder.resolve("bundles");
  }

  @Test
  void runsBundlesThatUseSpark() throws Exception {
    bundle(
        "exports=org.apache.spark.sql exports=org.slf4j load=org.apache.spark.sql.SparkSession"
            + " property=jobserver.enrolment property=jobserver.folder"
            + " property=jobserver.spark.home thread stop");
    try (Program driver = driver()) {
      assertThat(driver.exitCode()).as(driver.errors()).isZero();
      assertThat(driver.said())
          .contains(
              "org.apache.spark.sql is exported",
              "org.slf4j is exported",
              "org.apache.spark.sql.SparkSession is org.apache.spark.sql.SparkSession",
              "jobserver.enrolment=" + folder.resolve("enrolment.json"),
              "jobserver.folder=" + folder,
              "jobserver.spark.home=" + System.getenv("SPARK_HOME"));
    }
    assertThat(folder.resolve("felix")).isDirectory();
    assertThat(folder.resolve("cache")).isNotEmptyDirectory();
  }

  @Test
  void endsAsABundleSaysThatItCannotGoOn() throws Exception {
    bundle("fail=1");
    try (Program driver = driver()) {
      assertThat(driver.exitCode()).isEqualTo(1);
      assertThat(driver.errors()).contains("failed on purpose");
    }
  }

  @Test
  void stopsItsBundlesWhenItIsTerminated() throws Exception {
    bundle("say=up thread");
    try (Program driver = driver()) {
      // Java's own exit code: others have shutdown hooks here too.
      assertThat(driver.says("up").terminate().exitCode()).isEqualTo(143);
      assertThat(driver.said()).contains("a stopped");
    }
  }

  private void bundle(String steps) throws IOException {
    Jars.bundle(
        bundles.resolve("a.jar"),
        Map.of(
            "Bundle-Activator",
            TinyActivator.class.getName(),
            "Import-Package",
            "org.osgi.framework,org.osgi.framework.wiring,spark.jobserver.boot,"
                + "org.apache.spark.sql;version=\"[3.5,5)\"",
            "Do",
            steps),
        TinyActivator.class);
  }

  private Program driver() throws IOException {
    List<String> command =
        new ArrayList<>(
            List.of(
                Path.of(System.getenv("SPARK_HOME"), "bin/spark-submit").toString(),
                "--master",
                "local[1]",
                "--driver-java-options",
                "-Djobserver.cache=" + folder.resolve("cache"),
                "--class",
                "spark.jobserver.boot.DriverMain",
                Program.jar().toString(),
                folder.resolve("enrolment.json").toString(),
                folder.toString(),
                bundles.toString()));
    return new Program(command, Map.of());
  }
}
