package spark.jobserver.boot;

import static org.assertj.core.api.Assertions.assertThat;

import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Optional;
import java.util.Set;
import java.util.stream.Stream;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.osgi.framework.Version;

class SparkPackagesTest {
  @TempDir Path folder;
  private Path jars;
  private Path cache;

  @BeforeEach
  void makeJars() throws Exception {
    jars = Files.createDirectory(folder.resolve("jars"));
    cache = folder.resolve("cache");
    Jars.of(
        jars.resolve("spark-sql_2.13-4.0.5.jar"),
        "org/apache/spark/sql/Row.class",
        "org/apache/spark/unused/UnusedStubClass.class",
        "META-INF/versions/9/org/apache/spark/nine/A.class",
        "Toplevel.class");
    Jars.of(
        jars.resolve("other-9.1.jar"),
        "org/apache/spark/sql/Shadow.class",
        "org/osgi/framework/Bundle.class",
        "javax/xml/stream/A.class",
        "javax/xml/bind/A.class",
        "not-a-package/A.class",
        "a/b/A.class");
    Jars.of(jars.resolve("older-1.2.jar"), "a/b/B.class", "a/README.txt");
  }

  @Test
  void givesEachPackageTheVersionOfItsJar() throws Exception {
    assertThat(packages(Optional.empty()))
        .containsExactly(
            "spark.jobserver.boot;version=\"1.0.0\"",
            "a.b;version=\"9.1.0\"",
            "javax.xml.bind;version=\"9.1.0\"",
            "org.apache.spark.sql;version=\"4.0.5\"");
  }

  @Test
  void leavesOutWhatOthersExport() throws Exception {
    String clauses = SparkPackages.of(jars, Optional.empty()).systemPackages(Set.of("a.b"));
    assertThat(clauses).doesNotContain("a.b;").contains("org.apache.spark.sql;");
  }

  @Test
  void keepsWhatWasFoundUntilAJarChanges() throws Exception {
    List<String> found = packages(Optional.of(cache));
    Path kept = onlyFile();
    Files.writeString(kept, "from.the.cache 1.2.3\n");
    assertThat(packages(Optional.of(cache)))
        .containsExactly(
            "spark.jobserver.boot;version=\"1.0.0\"", "from.the.cache;version=\"1.2.3\"");

    Jars.of(jars.resolve("older-1.2.jar"), "a/b/B.class", "a/b/C.class");
    assertThat(packages(Optional.of(cache))).isEqualTo(found);
  }

  @Test
  void scansAgainWhenTheCacheIsBroken() throws Exception {
    List<String> found = packages(Optional.of(cache));
    Files.writeString(onlyFile(), "half a li");
    assertThat(packages(Optional.of(cache))).isEqualTo(found);
  }

  @Test
  void doesWithoutACacheThatCannotBeWritten() throws Exception {
    Files.createFile(cache);
    assertThat(packages(Optional.of(cache))).hasSize(4);
  }

  @Test
  void readsVersionsInTheNamesOfJars() {
    assertThat(SparkPackages.version("scala-library-2.13.16.jar")).isEqualTo(version("2.13.16"));
    assertThat(SparkPackages.version("py4j-0.10.9.9.jar")).isEqualTo(version("0.10.9.9"));
    assertThat(SparkPackages.version("guava-14.0.jar")).isEqualTo(version("14.0.0"));
    assertThat(SparkPackages.version("a_2.13-1.0-beta+1.jar")).isEqualTo(version("1.0.0.beta_1"));
    assertThat(SparkPackages.version("RoaringBitmap.jar")).isEqualTo(Version.emptyVersion);
    assertThat(SparkPackages.version("x-20240101120000.jar")).isEqualTo(Version.emptyVersion);
  }

  @Test
  void writesThePackagesThatAResolverIsToKnow() throws Exception {
    Path bndrun = folder.resolve("spark.bndrun");
    SparkPackages.main(new String[] {jars.toString(), bndrun.toString(), "org.apache.spark"});
    assertThat(bndrun)
        .content()
        .contains(
            """
            -runsystempackages.spark: \\
            \tspark.jobserver.boot;version="1.0.0",\\
            \torg.apache.spark.sql;version="4.0.5"
            """)
        .contains("spark.jobserver.boot.Startup");
  }

  private List<String> packages(Optional<Path> keep) throws Exception {
    return List.of(SparkPackages.of(jars, keep).systemPackages(Set.of()).split(","));
  }

  private Path onlyFile() throws Exception {
    try (Stream<Path> files = Files.list(cache)) {
      List<Path> all = files.toList();
      assertThat(all).hasSize(1);
      return all.get(0);
    }
  }

  private static Version version(String text) {
    return Version.parseVersion(text);
  }
}
