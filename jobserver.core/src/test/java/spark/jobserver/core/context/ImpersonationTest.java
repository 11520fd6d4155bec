package spark.jobserver.core.context;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatCode;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import com.typesafe.config.Config;
import com.typesafe.config.ConfigFactory;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;
import spark.jobserver.api.server.ErrorCode;
import spark.jobserver.api.server.JobserverException;
import spark.jobserver.core.posted.PostedConfig;

class ImpersonationTest {
  private static final String SERVER = "jobserver";
  private static final List<String> DEFAULT =
      ConfigFactory.parseResources(ImpersonationTest.class.getClassLoader(), "reference.conf")
          .getStringList("spark.jobserver.impersonation.allowed-settings");

  private final Impersonation impersonation = with("");

  /** As it comes, on a server with this configuration. */
  private static Impersonation with(String configuration) {
    return with(List.of("*"), false, configuration);
  }

  private static Impersonation with(List<String> users, boolean always, String configuration) {
    Config config =
        ConfigFactory.parseString(configuration)
            .withFallback(ConfigFactory.parseString("spark.context-settings {}"));
    return new Impersonation(users, always, DEFAULT, SERVER, () -> config);
  }

  private static Config asked(String hocon) {
    return PostedConfig.parse(hocon);
  }

  private static void isRefused(Runnable check, ErrorCode code, String... words) {
    assertThatThrownBy(check::run)
        .isInstanceOfSatisfying(
            JobserverException.class,
            refusal -> {
              assertThat(refusal.code()).isEqualTo(code);
              assertThat(refusal).hasMessageContainingAll(words);
            });
  }

  // Who

  @Test
  void a_caller_may_name_itself() {
    Config ada = asked("spark.proxy.user = ada, num-cpu-cores = 2");
    assertThat(impersonation.checked(ada, "ada", false)).isEqualTo(ada);
  }

  @Test
  void another_needs_the_permission_which_is_named() {
    Config bob = asked("spark.proxy.user = bob");
    isRefused(
        () -> impersonation.checked(bob, "ada", false),
        ErrorCode.IMPERSONATION,
        "to act for bob",
        "impersonation:any",
        "it is ada");
    assertThat(impersonation.checked(bob, "ada", true)).isEqualTo(bob);
    isRefused(() -> impersonation.checked(bob, "Bob", false), ErrorCode.IMPERSONATION, "bob");
  }

  @Test
  void where_nobody_is_known_nobody_is_named() {
    for (String user : List.of("bob", "everybody", SERVER)) {
      isRefused(
          () -> impersonation.checked(asked("spark.proxy.user = " + user), "", true),
          ErrorCode.IMPERSONATION,
          "nobody is asked who they are",
          "spark.jobserver.auth.ways");
    }
  }

  @Test
  void who_names_nobody_may_set_everything() {
    Config settings = asked("spark.jars = /x.jar, spark.proxy.user = null, passthrough.a = b");
    assertThat(impersonation.checked(settings, "", false)).isEqualTo(settings);
  }

  @ParameterizedTest
  @ValueSource(strings = {"root", "Root", SERVER, "JobServer"})
  void superiors_must_be_named_by_the_configuration_whoever_asks(String user) {
    Config wanted = asked("spark.proxy.user = " + user);
    isRefused(
        () -> impersonation.checked(wanted, user, true),
        ErrorCode.IMPERSONATION,
        user + " is not in spark.jobserver.impersonation.users, where root");
    Impersonation named = with(List.of("*", user), false, "");
    assertThat(named.checked(wanted, user, false)).isEqualTo(wanted);
  }

  @Test
  void a_server_may_be_run_by_root() {
    Config none = ConfigFactory.parseString("spark.context-settings {}");
    Impersonation ofRoot = new Impersonation(List.of("*"), false, DEFAULT, "root", () -> none);
    Config root = asked("spark.proxy.user = root");
    isRefused(() -> ofRoot.checked(root, "root", true), ErrorCode.IMPERSONATION, "root is not in");
  }

  @Test
  void whom_the_configuration_does_not_list_nobody_acts_for() {
    Impersonation listed = with(List.of("bob"), false, "");
    Config ada = asked("spark.proxy.user = ada");
    isRefused(
        () -> listed.checked(ada, "ada", true),
        ErrorCode.IMPERSONATION,
        "ada is not in spark.jobserver.impersonation.users");
    Config bob = asked("spark.proxy.user = bob");
    assertThat(listed.checked(bob, "ada", true)).isEqualTo(bob);
  }

  // How it is spelled

  @ParameterizedTest
  @ValueSource(
      strings = {
        "spark.proxy.user = bob",
        "spark { proxy { user = bob } }",
        "spark { proxy.user = \"bob\" }",
        "spark.\"proxy\".\"user\" = bob",
        "name = bob, spark.proxy.user = ${name}",
        "{\"spark\": {\"proxy\": {\"user\": \"bob\"}}}",
        "spark.proxy.user = ada, spark.proxy.user = bob",
        "spark.proxy.user += bob, spark.proxy.user = bob",
      })
  void one_setting_has_many_spellings(String hocon) {
    isRefused(
        () -> impersonation.checked(asked(hocon), "ada", false),
        ErrorCode.IMPERSONATION,
        "to act for bob");
  }

  @ParameterizedTest
  @ValueSource(
      strings = {
        "spark { \"proxy.user\" = bob }",
        "\"spark.proxy.user\" = bob",
        "\"spark.proxy\".user = bob",
        "passthrough { spark.proxy.user = bob }",
        "passthrough { \"spark.proxy.user\" = bob }",
        "passthrough.spark { \"proxy.user\" = bob }",
        "hadoop { spark.proxy.user = bob }",
        "spark.hadoop.spark.proxy.user = bob",
        "Spark.Proxy.User = bob",
        "SPARK.PROXY.USER = bob",
        "spark.proxy.\"user \" = bob",
        "\" spark\".proxy.user = bob",
        "spark.proxy.\"\\tuser\" = bob",
        "spark.proxy.\"us\\u0000er\" = bob",
        "spark.proxyUser = bob",
        "spark.proxy-user = bob",
        "spark.proxy_user = bob",
        "proxyUser = bob",
        "proxy.user = bob",
        "\"--proxy-user\" = bob",
        "passthrough.spark.proxy.user = null",
        "passthrough.spark.proxy.user = [bob]",
      })
  void what_looks_like_it_is_refused_rather_than_ignored(String hocon) {
    for (String beside : List.of("", ", spark.proxy.user = ada")) {
      isRefused(
          () -> impersonation.checked(asked(hocon + beside), "ada", true),
          ErrorCode.CONFIG,
          "names no user: it is spelled spark.proxy.user");
    }
  }

  @Test
  void a_query_is_no_other_way() {
    isRefused(
        () -> impersonation.checked(query("spark.proxy.user", "bob"), "ada", false),
        ErrorCode.IMPERSONATION,
        "to act for bob");
    isRefused(
        () -> impersonation.checked(query(" spark.proxy.user ", "bob"), "ada", false),
        ErrorCode.IMPERSONATION,
        "to act for bob");
    for (String path :
        List.of("spark.\"proxy.user\"", "\"spark.proxy.user\"", "passthrough.spark.proxy.user")) {
      isRefused(
          () -> impersonation.checked(query(path, "bob"), "ada", true),
          ErrorCode.CONFIG,
          "names no user");
    }
  }

  private static Config query(String path, String value) {
    return PostedConfig.of(Map.of(path, value));
  }

  @ParameterizedTest
  @ValueSource(
      strings = {
        "\"\"",
        "\" \"",
        "\" ada\"",
        "\"a b\"",
        "\"-ada\"",
        "\"--conf\"",
        "\"root@EXAMPLE.COM\"",
        "\"root/host\"",
        "\"../root\"",
        "\"ada,root\"",
        "\"ada\\nroot\"",
        "\"ada\\u0000\"",
        "\"größe\"",
        "\"$(id)\"",
        "a234567890a234567890a234567890a234567890a234567890a234567890a2345",
      })
  void what_cannot_be_a_user_is_refused(String name) {
    isRefused(
        () -> impersonation.checked(asked("spark.proxy.user = " + name), "ada", true),
        ErrorCode.CONFIG,
        "spark.proxy.user must be the name of a user");
  }

  @ParameterizedTest
  @ValueSource(strings = {"[ada]", "{ada = 1}", "[]"})
  void what_is_no_text_is_refused(String value) {
    isRefused(
        () -> impersonation.checked(asked("spark.proxy.user = " + value), "ada", true),
        ErrorCode.CONFIG,
        "spark.proxy.user");
  }

  // What else may be set

  @ParameterizedTest
  @ValueSource(
      strings = {
        "spark.driver.extraClassPath",
        "spark.driver.extraJavaOptions",
        "spark.driver.defaultJavaOptions",
        "spark.driver.extraLibraryPath",
        "spark.driver.userClassPathFirst",
        "spark.driver.log.dfsDir",
        "spark.executor.extraClassPath",
        "spark.executor.extraJavaOptions",
        "spark.executor.userClassPathFirst",
        "spark.executorEnv.LD_PRELOAD",
        "spark.jars",
        "spark.jars.packages",
        "spark.jars.ivySettings",
        "spark.jars.repositories",
        "spark.files",
        "spark.archives",
        "spark.submit.pyFiles",
        "spark.submit.deployMode",
        "spark.yarn.dist.files",
        "spark.yarn.dist.jars",
        "spark.yarn.dist.archives",
        "spark.yarn.jars",
        "spark.yarn.archive",
        "spark.yarn.keytab",
        "spark.yarn.principal",
        "spark.yarn.appMasterEnv.X",
        "spark.kerberos.keytab",
        "spark.kerberos.principal",
        "spark.kubernetes.driver.podTemplateFile",
        "spark.kubernetes.authenticate.oauthTokenFile",
        "spark.hadoop.fs.defaultFS",
        "spark.hadoop.hadoop.security.authentication",
        "spark.plugins",
        "spark.extraListeners",
        "spark.sql.queryExecutionListeners",
        "spark.sql.streaming.streamingQueryListeners",
        "spark.sql.extensions",
        "spark.sql.catalog.x",
        "spark.sql.catalogImplementation",
        "spark.sql.warehouse.dir",
        "spark.sql.hive.metastore.jars",
        "spark.sql.adaptive.customCostEvaluatorClass",
        "spark.sql.session.timeZone.x",
        "spark.local.dir",
        "spark.eventLog.dir",
        "spark.checkpoint.dir",
        "spark.scheduler.allocation.file",
        "spark.shuffle.manager",
        "spark.serializer",
        "spark.kryo.registrator",
        "spark.metrics.conf",
        "spark.pyspark.python",
        "spark.pyspark.driver.python",
        "spark.python.daemon.module",
        "spark.ssl.keyStore",
        "spark.ui.filters",
        "spark.redaction.regex",
        "spark.security.credentials.hadoopfs.enabled",
        "spark.master",
        "spark.home",
        "spark.driver.host",
        "spark.dynamicAllocationX",
        "SPARK.JARS",
        "python.paths",
        "python.executable",
        "python.environment",
        "passthrough.spark.jars",
        "passthrough.spark.executor.memory",
        "hadoop.fs.defaultFS",
        "context.name",
        "is-adhoc",
        "jars",
        "files",
        "archives",
        "driver.memory",
        "dependent-jar-uris",
      })
  void what_bears_classes_files_and_places_is_refused_by_default(String key) {
    String user = "spark.proxy.user = ada, ";
    for (String setting : List.of(user + key + " = x", user + '"' + key + "\" = x")) {
      isRefused(
          () -> impersonation.checked(asked(setting), "ada", true),
          ErrorCode.CONFIG,
          "spark.jobserver.impersonation.allowed-settings",
          "so not " + key);
    }
  }

  @Test
  void several_are_told_at_once() {
    isRefused(
        () ->
            impersonation.checked(
                asked("spark { proxy.user = ada, e=1, d=1, c=1, b=1, a=1, f=1 }"), "ada", false),
        ErrorCode.CONFIG,
        "so not spark.a, spark.b, spark.c, spark.d, spark.e, …");
  }

  @ParameterizedTest
  @ValueSource(
      strings = {
        "num-cpu-cores = 2, memory-per-node = 1g, context-init-timeout = 60s",
        "spark { executor.memory = 1g, sql.shuffle.partitions = 8, scheduler.mode = FAIR }",
        "spark.dynamicAllocation { enabled = true, minExecutors = 1 }",
        "spark { \"sql.shuffle.partitions\" = 8 }",
        "dependent-py-uris = [pandas, numpy], python.workers { idle = 4, reuse = true }",
        "passthrough {}",
      })
  void what_is_about_memory_and_the_like_is_not(String settings) {
    Config wanted = asked("spark.proxy.user = ada, " + settings);
    assertThat(impersonation.checked(wanted, "ada", false)).isEqualTo(wanted);
  }

  @ParameterizedTest
  @ValueSource(strings = {"passthrough", "hadoop", "python", "python.executable", "spark.jars"})
  void null_would_take_away_what_the_server_says(String key) {
    isRefused(
        () ->
            impersonation.checked(asked("spark.proxy.user = ada, " + key + " = null"), "ada", true),
        ErrorCode.CONFIG,
        "so not " + key);
  }

  @ParameterizedTest
  @ValueSource(
      strings = {"\"1g\\u0000-javaagent:/tmp/x.jar\"", "\"1g\\nspark.jars=x\"", "[\"\\r\"]"})
  void an_allowed_setting_can_carry_no_other(String value) {
    String setting = "spark.driver.memory = " + value;
    isRefused(
        () -> impersonation.checked(asked("spark.proxy.user = ada, " + setting), "ada", true),
        ErrorCode.CONFIG,
        "spark.driver.memory has control characters");
    String name = "spark.dynamicAllocation.\"a\\u0000b\" = 1";
    isRefused(
        () -> impersonation.checked(asked("spark.proxy.user = ada, " + name), "ada", true),
        ErrorCode.CONFIG,
        "spark.dynamicAllocation.a\\u0000b has control characters");
    assertThatCode(() -> impersonation.checked(asked(setting), "ada", false))
        .doesNotThrowAnyException();
  }

  @Test
  void a_block_can_be_allowed_but_not_everything() {
    Config nothing = ConfigFactory.parseString("spark.context-settings {}");
    Impersonation more =
        new Impersonation(
            List.of("*"),
            false,
            List.of("spark.yarn.am.*", "spark.yarn.queue"),
            "x",
            () -> nothing);
    String user = "spark.proxy.user = ada, ";
    Config wanted = asked(user + "spark.yarn { am.cores = 2, queue = q }");
    assertThat(more.checked(wanted, "ada", false)).isEqualTo(wanted);
    for (String other : List.of("spark.yarn.ambush", "spark.yarn.am", "spark.yarn.queue.x")) {
      isRefused(
          () -> more.checked(asked(user + other + " = 1"), "ada", false),
          ErrorCode.CONFIG,
          "so not " + other);
    }
    for (String entry : List.of("*", "spark.*", "passthrough.*", "", "a b", "spark.yarn*", ".x")) {
      assertThatThrownBy(
              () -> new Impersonation(List.of(), false, List.of(entry), "x", () -> nothing))
          .isInstanceOf(IllegalArgumentException.class)
          .hasMessageStartingWith("spark.jobserver.impersonation.allowed-settings")
          .hasMessageEndingWith("not '" + entry + "'");
    }
  }

  // What the configuration says

  @Test
  void a_user_of_the_configuration_is_taken_from_all_callers_and_away_by_none() {
    Impersonation etl = with("spark.context-settings.spark.proxy.user = etl");
    for (String same : List.of("", "spark.proxy.user = etl", "num-cpu-cores = 2")) {
      assertThat(etl.checked(asked(same), "", false)).isEqualTo(asked(same));
    }
    for (String hiding : List.of("spark.proxy.user = null", "spark.proxy = null", "spark = 1")) {
      isRefused(
          () -> etl.checked(asked(hiding), "ada", true),
          ErrorCode.IMPERSONATION,
          "contexts act for etl by the server's configuration");
    }
    isRefused(() -> etl.checked(asked("spark.jars = x"), "ada", true), ErrorCode.CONFIG, "jars");
    Config ada = asked("spark.proxy.user = ada");
    assertThat(etl.checked(ada, "ada", false)).isEqualTo(ada);
    isRefused(() -> etl.checked(ada, "bob", false), ErrorCode.IMPERSONATION, "to act for ada");
  }

  @Test
  void contexts_can_always_act_for_their_callers() {
    Impersonation always = with(List.of("*"), true, "");
    assertThat(always.checked(asked("num-cpu-cores = 2"), "ada", false))
        .isEqualTo(asked("num-cpu-cores = 2, spark.proxy.user = ada"));
    assertThat(always.checked(asked("spark.proxy.user = null"), "ada", false))
        .isEqualTo(asked("spark.proxy.user = ada"));
    isRefused(
        () -> always.checked(asked("spark.jars = x"), "ada", false),
        ErrorCode.CONFIG,
        "spark.jars");
    isRefused(() -> always.checked(asked(""), "", false), ErrorCode.IMPERSONATION, "nobody");
    isRefused(() -> always.checked(asked(""), "Ada L", false), ErrorCode.CONFIG, "not 'Ada L'");
    isRefused(() -> always.checked(asked(""), SERVER, false), ErrorCode.IMPERSONATION, SERVER);
    assertThat(always.checked(asked("spark.jars = x"), "ada", true))
        .isEqualTo(asked("spark.jars = x"));
  }

  // Jobs

  private static void mayUse(Impersonation who, String context, String user, String caller) {
    assertThatCode(() -> who.checkUse(context, Optional.ofNullable(user), caller, false))
        .doesNotThrowAnyException();
  }

  private static void mayNotUse(Impersonation who, String context, String user, String caller) {
    isRefused(
        () -> who.checkUse(context, Optional.ofNullable(user), caller, false),
        ErrorCode.IMPERSONATION,
        "jobs in the context " + context + " act for " + (user == null ? "the server's own" : user),
        "impersonation:any");
    assertThatCode(() -> who.checkUse(context, Optional.ofNullable(user), caller, true))
        .doesNotThrowAnyException();
  }

  @Test
  void jobs_act_for_whom_their_context_acts_for() {
    mayUse(impersonation, "c", null, "");
    mayUse(impersonation, "c", null, "ada");
    mayUse(impersonation, "c", "ada", "ada");
    mayNotUse(impersonation, "c", "ada", "bob");
    mayNotUse(impersonation, "c", "ada", "");
  }

  @Test
  void where_the_configuration_names_somebody_that_is_meant_for_all() {
    Impersonation configured =
        with("spark.contexts { nightly { spark.proxy.user = etl }, \"a.b\" { spark.x = 1 } }");
    mayUse(configured, "nightly", "etl", "bob");
    mayNotUse(configured, "nightly", "ada", "bob");
    mayNotUse(configured, "other", "etl", "bob");
    mayUse(with("spark.context-settings.spark.proxy.user = etl"), "c", "etl", "bob");
  }

  @Test
  void where_contexts_always_act_for_their_callers_those_of_others_act_for_others() {
    Impersonation always = with(List.of("*"), true, "spark.contexts { \"a.b\" {} }");
    mayNotUse(always, "c", null, "ada");
    mayUse(always, "a.b", null, "ada");
    mayUse(always, "c", "ada", "ada");
  }
}
