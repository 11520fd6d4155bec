package spark.jobserver.boot.integration;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.stream.Stream;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import spark.jobserver.boot.Jars;

/** The server's main program as a process, with tiny bundles and a Spark of one jar. */
class ServerMainIT {
  @TempDir Path folder;
  private Path home;
  private Path data;
  private Path spark;

  @BeforeEach
  void makeFolders() throws IOException {
    home = Files.createDirectories(folder.resolve("home"));
    data = folder.resolve("data");
    spark = folder.resolve("spark");
    Files.createDirectories(spark.resolve("jars"));
    Jars.of(
        spark.resolve("jars/spark-core_2.13-4.0.5.jar"),
        "org/apache/spark/SparkConf.class",
        "shared/by/both/A.class");
  }

  @Test
  void endsWithZeroWhenItIsTerminated() throws Exception {
    bundle("a", "say=up thread");
    try (Program server = server()) {
      server.says("up");
      assertThat(data.resolve("server.pid")).content().startsWith(server.pid() + "\n");
      assertThat(server.terminate().exitCode()).isZero();
      assertThat(server.said()).contains("a stopped");
    }
    assertThat(data.resolve("server.pid")).doesNotExist();
    assertThat(data.resolve("startup-failure")).doesNotExist();
  }

  @Test
  void endsWithZeroWhenTheFrameworkIsStoppedFromInside() throws Exception {
    bundle("a", "thread stop");
    assertEnds(0);
  }

  @Test
  void tellsBundlesWhereEverythingIs() throws Exception {
    Path conf = Files.writeString(folder.resolve("my.conf"), "");
    bundle(
        "a",
        "property=jobserver.home property=jobserver.data property=jobserver.conf"
            + " property=jobserver.port property=jobserver.spark.home"
            + " property=jobserver.spark.version stop");
    try (Program server = server("--conf", conf.toString(), "--port", "8091")) {
      assertThat(server.exitCode()).isZero();
      assertThat(server.said())
          .contains(
              "jobserver.home=" + home,
              "jobserver.data=" + data,
              "jobserver.conf=" + conf,
              "jobserver.port=8091",
              "jobserver.spark.home=" + spark,
              "jobserver.spark.version=4.0.5");
    }
  }

  @Test
  void exportsSparksPackagesSaveThoseOfItsOwnBundles() throws Exception {
    Jars.bundle(bundles().resolve("exporting.jar"), Map.of("Export-Package", "shared.by.both"));
    bundle(
        "a", "exports=org.apache.spark exports=shared.by.both exports=spark.jobserver.boot stop");
    try (Program server = server()) {
      assertThat(server.exitCode()).isZero();
      assertThat(server.said())
          .contains(
              "org.apache.spark is exported",
              "shared.by.both is not exported",
              "spark.jobserver.boot is exported");
    }
  }

  @Test
  void leavesTheOneFactoryOfUrlHandlersToSpark() throws Exception {
    bundle("a", "url-handlers stop");
    try (Program server = server()) {
      assertThat(server.exitCode()).isZero();
      assertThat(server.said()).contains("URL handlers can be set");
    }
  }

  @Test
  void startsLoggersFirstAndStopsThemLast() throws Exception {
    bundle("jobserver.a", "say=own");
    bundle("other", "say=base");
    bundle("slf4j.api", "say=logger");
    try (Program server = server()) {
      server.says("own").terminate().exitCode();
      assertThat(server.said())
          .containsExactly(
              "logger", "base", "own", "jobserver.a stopped", "other stopped", "slf4j.api stopped");
    }
  }

  @Test
  void scansSparkOnlyOnce() throws Exception {
    bundle("a", "exports=from.the.cache stop");
    assertEnds(0);
    try (Stream<Path> kept = Files.list(data.resolve("cache"))) {
      for (Path file : kept.toList()) {
        Files.writeString(file, "from.the.cache 1.0.0\n");
      }
    }
    try (Program server = server()) {
      assertThat(server.exitCode()).isZero();
      assertThat(server.said()).contains("from.the.cache is exported");
    }
  }

  @Test
  void endsAsABundleSaysThatItCannotGoOn() throws Exception {
    bundle("a", "fail=4");
    assertEnds(4, "failed on purpose");
    // The next start has nothing to complain of.
    bundle("a", "stop");
    assertEnds(0);
    assertThat(data.resolve("startup-failure")).doesNotExist();
  }

  @Test
  void doesNotGoOnWithoutABundleThatDoesNotResolve() throws Exception {
    bundle("a", "say=up");
    Jars.bundle(bundles().resolve("needy.jar"), Map.of("Import-Package", "no.such.thing"));
    assertEnds(1, "needy", "no.such.thing");
  }

  @Test
  void doesNotGoOnWithoutABundleThatDoesNotStart() throws Exception {
    bundle("unlucky", "throw");
    assertEnds(1, "unlucky", "no luck today");
  }

  @Test
  void refusesToStartWithoutSpark() throws Exception {
    bundle("a", "say=up");
    assertEnds(3, Map.of("SPARK_HOME", ""), "SPARK_HOME is not set");
    assertEnds(3, Map.of("SPARK_HOME", folder.toString()), folder.toString(), "spark-core");
    Files.move(
        spark.resolve("jars/spark-core_2.13-4.0.5.jar"),
        spark.resolve("jars/spark-core_2.12-3.3.1.jar"));
    assertEnds(3, "3.3.1", "3.5 or newer");
  }

  @Test
  void refusesToStartWhenTheConfigurationFileIsMissing() throws Exception {
    bundle("a", "say=up");
    try (Program server = server("--conf", "/no/such.conf")) {
      assertThat(server.exitCode()).isEqualTo(7);
      assertThat(server.errors()).contains("/no/such.conf");
    }
  }

  @Test
  void refusesACommandLineThatItDoesNotUnderstand() throws Exception {
    try (Program server = server("--verbose")) {
      assertThat(server.exitCode()).isEqualTo(2);
      assertThat(server.errors()).contains("--verbose", "Usage:");
    }
    assertEnds(2, "bundles/server");
  }

  @Test
  void refusesADataFolderThatARunningServerHolds() throws Exception {
    bundle("a", "say=up");
    try (Program first = server()) {
      first.says("up");
      assertEnds(5, "process " + first.pid(), data.toString());
      assertThat(data.resolve("server.pid")).exists();
      assertThat(first.terminate().exitCode()).isZero();
    }
  }

  @Test
  void takesTheDataFolderOfAServerThatWasKilled() throws Exception {
    bundle("a", "say=up");
    try (Program first = server()) {
      first.says("up");
    }
    bundle("a", "stop");
    assertEnds(0);
  }

  @Test
  void refusesADataFolderThatItCannotWrite() throws Exception {
    bundle("a", "say=up");
    data = Files.createFile(folder.resolve("file")).resolve("data");
    try (Program server = server()) {
      assertThat(server.exitCode()).isEqualTo(5);
      assertThat(server.errors()).contains("cannot be written");
    }
  }

  private Path bundles() {
    return home.resolve("bundles/server");
  }

  private void bundle(String name, String steps) throws IOException {
    bundle(bundles().resolve(name + ".jar"), steps);
  }

  private static Path bundle(Path jar, String steps) throws IOException {
    return Jars.bundle(
        jar,
        Map.of(
            "Bundle-Activator",
            TinyActivator.class.getName(),
            "Import-Package",
            "org.osgi.framework,org.osgi.framework.wiring,spark.jobserver.boot",
            "Do",
            steps),
        TinyActivator.class);
  }

  private void assertEnds(int exitCode, String... words) throws Exception {
    assertEnds(exitCode, Map.of(), words);
  }

  private void assertEnds(int exitCode, Map<String, String> environment, String... words)
      throws Exception {
    try (Program server = server(environment)) {
      assertThat(server.exitCode()).as(server.errors()).isEqualTo(exitCode);
      if (words.length > 0) {
        assertThat(server.errors()).contains(words);
        assertThat(data.resolve("startup-failure")).content().contains(words);
      }
    }
  }

  private Program server(String... options) throws IOException {
    return server(Map.of(), options);
  }

  private Program server(Map<String, String> environment, String... options) throws IOException {
    List<String> command =
        new ArrayList<>(
            List.of(
                Program.java(),
                "-XX:TieredStopAtLevel=1",
                "-cp",
                Program.jar().toString(),
                "spark.jobserver.boot.ServerMain",
                "--home",
                home.toString(),
                "--data",
                data.toString()));
    command.addAll(List.of(options));
    return new Program(
        command, environment.isEmpty() ? Map.of("SPARK_HOME", spark.toString()) : environment);
  }
}
