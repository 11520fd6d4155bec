package spark.jobserver.launcher;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import com.typesafe.config.ConfigException;
import com.typesafe.config.ConfigFactory;
import java.io.IOException;
import java.io.StringReader;
import java.nio.file.Path;
import java.util.List;
import java.util.Map;
import java.util.Properties;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

class SparkPropertiesTest {
  private static final Path FOLDER = Path.of("/data/contexts/one");

  private static SparkProperties of(String settings) {
    return of(settings, Map.of());
  }

  private static SparkProperties of(String settings, Map<String, String> sparkDefaults) {
    return SparkProperties.of(
        "word counts", ConfigFactory.parseString(settings), FOLDER, "local[*]", sparkDefaults);
  }

  @Test
  void a_context_without_settings_has_a_name_a_master_and_folders_of_its_own() {
    assertThat(of("").values())
        .containsEntry("spark.app.name", "word counts")
        .containsEntry("spark.master", "local[*]")
        .containsEntry("spark.ui.port", "0")
        .containsEntry("spark.driver.memory", "1g")
        .containsEntry("spark.local.dir", "/data/contexts/one/local")
        .containsEntry("spark.sql.warehouse.dir", "file:/data/contexts/one/warehouse")
        .containsEntry(
            "spark.driver.defaultJavaOptions",
            "-XX:MetaspaceSize=160m -XX:+UseSerialGC -Djava.io.tmpdir=/data/contexts/one/tmp"
                + " -Dderby.system.home=/data/contexts/one/work")
        .doesNotContainKeys("spark.cores.max", "spark.executor.memory");
  }

  @Test
  void other_users_of_the_machine_are_kept_from_what_spark_opens_where_it_can_do_so() {
    assertThat(of("").values())
        .containsEntry("spark.ui.killEnabled", "false")
        .containsEntry("spark.authenticate", "true");
    assertThat(of("spark.master = \"local[2, 3]\"").values())
        .containsEntry("spark.authenticate", "true");
    for (String master : List.of("local-cluster[1,1,1024]", "spark://127.0.0.1:7077", "yarn")) {
      assertThat(of("spark.master = \"" + master + "\"").values())
          .doesNotContainKey("spark.authenticate");
    }
    assertThat(of("spark { authenticate = false, ui.killEnabled = true }").values())
        .containsEntry("spark.ui.killEnabled", "true")
        .containsEntry("spark.authenticate", "false");
  }

  @Test
  void short_names_become_properties_of_spark() {
    assertThat(of("num-cpu-cores = 4, memory-per-node = 512m").values())
        .containsEntry("spark.cores.max", "4")
        .containsEntry("spark.executor.memory", "512m");
  }

  @Test
  void settings_from_a_query_are_texts_and_are_converted() {
    assertThat(of("num-cpu-cores = \"2\"").values()).containsEntry("spark.cores.max", "2");
  }

  @Test
  void a_number_of_cores_that_is_none_is_refused() {
    assertThatThrownBy(() -> of("num-cpu-cores = many"))
        .isInstanceOf(ConfigException.class)
        .hasMessageContaining("num-cpu-cores");
  }

  @Test
  void properties_of_spark_win_over_short_names_and_passthrough_over_all() {
    assertThat(
            of("""
                num-cpu-cores = 4, memory-per-node = 512m
                spark { cores.max = 6, executor.memory = 2g, executor.cores = 1 }
                passthrough { spark.executor.cores = 3 }
                """)
                .values())
        .containsEntry("spark.cores.max", "6")
        .containsEntry("spark.executor.memory", "2g")
        .containsEntry("spark.executor.cores", "3");
  }

  @Test
  void the_hadoop_block_becomes_hadoop_properties() {
    assertThat(of("hadoop { fs.s3a.endpoint = \"http://127.0.0.1:9000\" }").values())
        .containsEntry("spark.hadoop.fs.s3a.endpoint", "http://127.0.0.1:9000");
  }

  @Test
  void keys_that_hocon_quotes_reach_spark_as_they_were_meant() {
    assertThat(of("\"spark.locality.wait\" = 1s, spark.\"a:b\" = x").values())
        .containsEntry("spark.a:b", "x");
    assertThat(of("spark { \"locality.wait\" = 1s, \"locality.wait.node\" = 2s }").values())
        .containsEntry("spark.locality.wait", "1s")
        .containsEntry("spark.locality.wait.node", "2s");
  }

  @Test
  void lists_become_values_between_commas() {
    assertThat(of("spark.archives = [a.tgz, b.tgz]").values())
        .containsEntry("spark.archives", "a.tgz,b.tgz");
  }

  @Test
  void settings_win_over_the_defaults_of_spark_which_win_over_ours() {
    Map<String, String> defaults =
        Map.of("spark.local.dir", "/fast", "spark.ui.port", "4040", "spark.master", "yarn");
    assertThat(of("spark.ui.port = 5050", defaults).values())
        .containsEntry("spark.local.dir", "/fast")
        .containsEntry("spark.ui.port", "5050")
        .containsEntry("spark.master", "local[*]");
  }

  @ParameterizedTest
  @ValueSource(
      strings = {
        "local",
        "local[2]",
        "local-cluster[2,1,1024]",
        "spark://127.0.0.1:7077",
        "spark://localhost:7077,[::1]:7078"
      })
  void a_driver_whose_master_is_on_this_machine_listens_on_loopback_only(String master) {
    SparkProperties properties = of("spark.master = \"" + master + '"');
    assertThat(properties.values())
        .containsEntry("spark.driver.host", "127.0.0.1")
        .containsEntry("spark.driver.bindAddress", "127.0.0.1");
    assertThat(properties.environment()).containsEntry("SPARK_LOCAL_IP", "127.0.0.1");
  }

  @ParameterizedTest
  @ValueSource(
      strings = {
        "yarn",
        "spark://master:7077",
        "spark://127.0.0.1:7077,master:7077",
        "k8s://https://127.0.0.1"
      })
  void a_driver_with_a_master_elsewhere_chooses_its_address_itself(String master) {
    SparkProperties properties = of("spark.master = \"" + master + '"');
    assertThat(properties.values()).doesNotContainKey("spark.driver.host");
    assertThat(properties.environment()).doesNotContainKey("SPARK_LOCAL_IP");
  }

  @Test
  void an_address_that_was_chosen_is_kept() {
    SparkProperties properties = of("spark.driver.bindAddress = 127.0.0.2");
    assertThat(properties.values()).containsEntry("spark.driver.bindAddress", "127.0.0.2");
    assertThat(properties.environment()).doesNotContainKey("SPARK_LOCAL_IP");
  }

  @Test
  void the_variable_that_spark_prefers_names_the_same_local_folder() {
    assertThat(of("spark.local.dir = /fast").environment())
        .containsEntry("SPARK_LOCAL_DIRS", "/fast");
  }

  @Test
  void a_chosen_collector_or_a_large_heap_takes_the_place_of_ours() {
    assertThat(of("spark.driver.extraJavaOptions = \"-XX:+UseG1GC\"").values())
        .containsEntry("spark.driver.extraJavaOptions", "-XX:+UseG1GC")
        .extractingByKey("spark.driver.defaultJavaOptions")
        .asString()
        .doesNotContain("GC");
    assertThat(of("spark.driver.memory = 8g").values())
        .extractingByKey("spark.driver.defaultJavaOptions")
        .asString()
        .doesNotContain("GC");
    assertThat(of("spark.driver.memory = 2048").values())
        .extractingByKey("spark.driver.defaultJavaOptions")
        .asString()
        .contains("UseSerialGC");
  }

  @Test
  void the_operators_java_options_come_after_ours() {
    assertThat(of("", Map.of("spark.driver.defaultJavaOptions", "-Djava.io.tmpdir=/t")).values())
        .extractingByKey("spark.driver.defaultJavaOptions")
        .asString()
        .endsWith("-Dderby.system.home=/data/contexts/one/work -Djava.io.tmpdir=/t");
  }

  @Test
  void a_folder_with_spaces_is_quoted_in_java_options() {
    SparkProperties properties =
        SparkProperties.of("c", ConfigFactory.empty(), Path.of("/my data/one"), "local", Map.of());
    assertThat(properties.values())
        .extractingByKey("spark.driver.defaultJavaOptions")
        .asString()
        .contains("\"-Djava.io.tmpdir=/my data/one/tmp\"");
  }

  @Test
  void the_file_is_read_by_spark_as_it_was_meant() throws IOException {
    SparkProperties properties =
        of(
            """
            spark { "a b:c=d#" = " x\\\\y\\n\\tz", e = "größe = 1", url = "http://h:1/#a!" }
            passthrough { other = unknown to Spark }
            """);
    Properties read = new Properties();
    read.load(new StringReader(properties.text()));
    assertThat(read)
        .containsEntry("spark.a b:c=d#", " x\\y\n\tz")
        .containsEntry("spark.e", "größe = 1")
        .containsEntry("spark.url", "http://h:1/#a!")
        .doesNotContainKey("other");
  }

  @Test
  void a_user_to_act_for_is_no_property_of_spark() {
    SparkProperties properties = of("spark.proxy.user = ada, spark.ui.port = 5050");
    assertThat(properties.proxyUser()).contains("ada");
    assertThat(properties.environment()).containsEntry("SPARK_USER", "ada");
    assertThat(properties.text()).contains("spark.ui.port=5050").doesNotContain("proxy", "ada");
    assertThat(of("").proxyUser()).isEmpty();
    assertThat(of("").environment()).doesNotContainKey("SPARK_USER");
  }

  @ParameterizedTest
  @ValueSource(
      strings = {
        "passthrough { spark.proxy.user = root }",
        "passthrough { \"spark.proxy.user\" = root }",
        "spark { \"proxy.user\" = root }",
        "\"spark.proxy.user\" = root",
        "hadoop { spark.proxy.user = root }",
      })
  void a_user_who_is_named_in_another_way_does_not_count(String settings) {
    Map<String, String> defaults = Map.of("spark.proxy.user", "root");
    assertThat(of(settings, defaults).proxyUser()).isEmpty();
    assertThat(of(settings + ", spark.proxy.user = ada", defaults).proxyUser()).contains("ada");
    assertThat(of(settings, defaults).text()).doesNotContain("\nspark.proxy.user");
  }

  @Test
  void cluster_deploy_mode_is_noticed() {
    assertThat(of("spark.submit.deployMode = cluster").isClusterMode()).isTrue();
    assertThat(of("spark.submit.deployMode = client").isClusterMode()).isFalse();
    assertThat(of("").isClusterMode()).isFalse();
  }
}
