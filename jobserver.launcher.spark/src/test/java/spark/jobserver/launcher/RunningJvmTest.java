package spark.jobserver.launcher;

import static org.assertj.core.api.Assertions.assertThat;

import com.typesafe.config.Config;
import com.typesafe.config.ConfigFactory;
import java.nio.file.Path;
import java.util.Map;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

class RunningJvmTest {
  private static final SparkProperties STARTED = of("spark", "");

  private static SparkProperties of(String name, String settings) {
    Config config = ConfigFactory.parseString(settings);
    return SparkProperties.of(name, config, Path.of("/data/c"), "local[2]", Map.of());
  }

  @Test
  void another_name_is_taken() {
    assertThat(RunningJvm.takes(STARTED, of("word counts", ""))).isTrue();
  }

  @ParameterizedTest
  @ValueSource(
      strings = {
        "num-cpu-cores = 4, memory-per-node = 512m",
        "spark.master = \"local[8]\"",
        "spark.master = \"spark://127.0.0.1:7077\"",
        "spark.sql.shuffle.partitions = 3",
        "passthrough { spark.scheduler.mode = FAIR, spark.ui.enabled = false }",
        "spark.serializer = org.apache.spark.serializer.KryoSerializer",
        "spark.executor.memory = 2g, spark.driver.maxResultSize = 2g",
        "spark.executorEnv.LANG = C",
        "python.executable = /opt/python/bin/python3",
      })
  void what_spark_reads_when_a_context_is_made_is_taken(String settings) {
    assertThat(RunningJvm.takes(STARTED, of("c", settings))).isTrue();
  }

  @ParameterizedTest
  @ValueSource(
      strings = {
        "spark.driver.memory = 2g",
        "spark.driver.extraJavaOptions = \"-Dx=y\"",
        "spark.driver.extraClassPath = /x.jar",
        "spark.driver.defaultJavaOptions = \"-Dx=y\"",
        "spark.jars = /x.jar",
        "spark.jars.packages = \"a:b:1\"",
        "spark.files = /x",
        "spark.archives = /x.tar.gz",
        "spark.local.dir = /tmp",
        "spark.submit.deployMode = cluster",
        "spark.yarn.queue = q",
        "spark.kerberos.keytab = k",
        "spark.session.hive.enabled = true",
        "spark.sql.catalogImplementation = hive",
        "spark.sql.hive.metastore.version = 3",
        "spark.sql.extensions = x.Y",
        "spark.sql.warehouse.dir = /w",
        "spark.sql.codegen.cache.maxEntries = 7",
        "spark.sql.subquery.maxThreadThreshold = 7",
        "hadoop.fs.defaultFS = \"hdfs://x\"",
        "spark.executors = 3",
        "passthrough.spark.my.own = x",
        "spark.proxy.user = ada",
      })
  void all_else_needs_a_process_of_its_own(String settings) {
    assertThat(RunningJvm.takes(STARTED, of("c", settings))).isFalse();
  }

  @Test
  void a_process_that_acts_for_somebody_takes_contexts_that_do_so_and_no_others() {
    SparkProperties started = of("spark", "spark.proxy.user = ada");
    assertThat(RunningJvm.takes(started, of("c", "spark.proxy.user = ada"))).isTrue();
    assertThat(RunningJvm.takes(started, of("c", "spark.proxy.user = bob"))).isFalse();
    assertThat(RunningJvm.takes(started, of("c", ""))).isFalse();
  }

  @Test
  void a_master_elsewhere_needs_another_address_and_so_another_environment() {
    assertThat(RunningJvm.takes(STARTED, of("c", "spark.master = \"spark://elsewhere:7077\"")))
        .isFalse();
  }

  @Test
  void what_the_process_was_started_with_and_the_context_has_not_counts_too() {
    SparkProperties started =
        of("spark", "spark.driver.memory = 2g, spark.sql.ansi.enabled = true");
    assertThat(RunningJvm.takes(started, of("c", "spark.driver.memory = 2g"))).isTrue();
    assertThat(RunningJvm.takes(started, of("c", ""))).isFalse();
  }
}
