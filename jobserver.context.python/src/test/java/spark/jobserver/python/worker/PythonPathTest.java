package spark.jobserver.python.worker;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class PythonPathTest {
  private static final BundledPython BUNDLED =
      new BundledPython(
          Path.of("/c/python/lib"), List.of(Path.of("/c/w/a.whl")), Path.of("/c/e.zip"));

  @TempDir Path folder;

  @Test
  void ourModulesComeFirstAndWheelsAfterTheInterpretersOwn() throws IOException {
    Path home = distribution();
    PythonPath path = of(home, null, "/old/spark_jobserver_python-0.8.0-py2.7.egg");
    assertThat(path.entries())
        .containsExactly(
            "/c/python/lib",
            "/old/spark_jobserver_python-0.8.0-py2.7.egg",
            home.resolve("python").toString(),
            home.resolve("python/lib/py4j-0.10.9.7-src.zip").toString());
    assertThat(path.fallback()).containsExactly("/c/w/a.whl");
  }

  @Test
  void theDriversOwnPathIsKept() throws IOException {
    assertThat(of(distribution(), "/one::/two", "/three").entries())
        .startsWith("/c/python/lib", "/one", "/two", "/three");
  }

  @Test
  void aSparkWithoutUnpackedModulesLendsItsZip() throws IOException {
    Path home = distribution();
    Files.delete(home.resolve("python/pyspark/__init__.py"));
    assertThat(of(home, null).entries())
        .endsWith(
            home.resolve("python/lib/pyspark.zip").toString(),
            home.resolve("python/lib/py4j-0.10.9.7-src.zip").toString());
  }

  @Test
  void anInstallationByPipLendsTwoOfItsPackages() throws IOException {
    Path packages = folder.resolve("site-packages");
    Path home = Files.createDirectories(packages.resolve("pyspark"));
    Files.createFile(home.resolve("__init__.py"));
    Path py4j = Files.createDirectories(packages.resolve("py4j"));
    Files.createDirectories(packages.resolve("numpy"));
    PythonPath path = of(home, null);
    Path links = folder.resolve("links");
    assertThat(path.entries()).containsExactly("/c/python/lib", links.toString());
    assertThat(links.resolve("pyspark").toRealPath()).isEqualTo(home.toRealPath());
    assertThat(links.resolve("py4j").toRealPath()).isEqualTo(py4j.toRealPath());
    assertThat(links).isDirectoryNotContaining("glob:**numpy");
  }

  private PythonPath of(Path home, String inherited, String... paths) throws IOException {
    return PythonPath.of(BUNDLED, inherited, List.of(paths), home, folder.resolve("links"));
  }

  /** As Spark's own archive is laid out. */
  private Path distribution() throws IOException {
    Path home = folder.resolve("spark-3.5.9");
    Files.createDirectories(home.resolve("python/pyspark"));
    Files.createDirectories(home.resolve("python/lib"));
    Files.createFile(home.resolve("python/pyspark/__init__.py"));
    Files.createFile(home.resolve("python/lib/pyspark.zip"));
    Files.createFile(home.resolve("python/lib/py4j-0.10.9.7-src.zip"));
    return home;
  }
}
