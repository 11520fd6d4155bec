package spark.jobserver.config.integration;

import static java.nio.charset.StandardCharsets.UTF_8;
import static org.assertj.core.api.Assertions.assertThat;

import com.typesafe.config.Config;
import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.io.PrintStream;
import java.net.InetAddress;
import java.net.ServerSocket;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.HashMap;
import java.util.Map;
import java.util.TreeMap;
import java.util.stream.Collectors;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.osgi.framework.Bundle;
import org.osgi.framework.FrameworkUtil;
import org.osgi.framework.ServiceRegistration;
import org.osgi.service.cm.Configuration;

class ConfiguratorIT {
  private static final String SEED =
      """
      spark {
        jobserver {
           jobdao = spark.jobserver.io.JobSqlDAO
        }

        context-settings {
          python {
            paths = [
              ${SPARK_HOME}/python,
              "/home/user/target/python/spark_jobserver_python-0.8.0-py2.7.egg"
            ]

            # The default value in application.conf is "python"
            executable = "python3"
          }
        }
      }
      """;

  @TempDir Path folder;

  @Test
  void takesTheConfigurationOfTheSeed() throws Exception {
    try (Container container = server(SEED).start()) {
      assertThat(container.failures()).isEmpty();
      Config config = container.settings().orElseThrow().config();
      assertThat(config.getStringList("spark.context-settings.python.paths"))
          .containsExactly(
              System.getenv("SPARK_HOME") + "/python",
              "/home/user/target/python/spark_jobserver_python-0.8.0-py2.7.egg");
      assertThat(config.getString("spark.context-settings.memory-per-node")).isEqualTo("512m");

      Map<String, Configuration> configurations = container.configurations();
      assertThat(configurations.get("spark.jobserver.core").getProperties().get("jobdao"))
          .isEqualTo("spark.jobserver.io.JobSqlDAO");
      assertThat(configurations.get("spark.jobserver.core").getProperties().get("bind-address"))
          .isEqualTo("127.0.0.1");
      assertThat(
              configurations
                  .get("JakartarsServletWhiteboardRuntimeComponent")
                  .getProperties()
                  .get("jersey.context.path"))
          .isEqualTo("/");
    }
  }

  @Test
  void leavesTheOpeningOfHttpToTheGate() throws Exception {
    try (Container container = server(SEED).start()) {
      assertThat(container.configurations()).doesNotContainKey("org.apache.felix.http");
    }
  }

  @Test
  void takesThePortOfTheCommandLine() throws Exception {
    int port = freePort();
    try (Container container =
        server("spark.jobserver.port = 1", Map.of("jobserver.port", String.valueOf(port)))
            .start()) {
      assertThat(container.failures()).isEmpty();
      assertThat(container.configurations().get("spark.jobserver.core").getProperties().get("port"))
          .isEqualTo(String.valueOf(port));
    }
  }

  @Test
  void followsBundlesThatComeAndGoAndLeavesTheRestAlone() throws Exception {
    try (Container container = server("spark.jobserver.later { size = 2, names = [a, b] }")) {
      container.bundle("first", "spark.jobserver.first { names = [x, y], size = 1 }");
      container.start();
      Map<String, Long> before = changes(container);
      assertThat(before)
          .containsKey("spark.jobserver.first")
          .doesNotContainKey("spark.jobserver.later");

      Bundle later =
          container.bundle("later", "spark.jobserver.later { size = 1, names = [], more = x }");
      Configuration made = container.configurations().get("spark.jobserver.later");
      assertThat(made.getProperties().get("size")).isEqualTo("2");
      assertThat(made.getProperties().get("names")).isEqualTo(new String[] {"a", "b"});
      assertThat(made.getProperties().get("more")).isEqualTo("x");
      assertThat(
              container.settings().orElseThrow().config().getString("spark.jobserver.later.more"))
          .isEqualTo("x");

      later.update(Container.jar("later", "spark.jobserver.later { size = 1, other = z }"));
      assertThat(
              container.configurations().get("spark.jobserver.later").getProperties().get("other"))
          .isEqualTo("z");

      later.uninstall();
      assertThat(changes(container)).isEqualTo(before);
    }
  }

  @Test
  void survivesAPluginThatTheFileOrItsOwnReferenceIsWrongFor() throws Exception {
    try (Container container = server("spark.jobserver.plugin.size = big").start()) {
      Map<String, Long> before = changes(container);
      container.bundle("plugin", "spark.jobserver.plugin.size = 1");
      container.bundle("broken", "spark.jobserver.broken {");
      container.bundle("greedy", "spark.jobserver.greedy.home = ${HOME}");
      assertThat(changes(container)).isEqualTo(before);
      assertThat(container.failures()).isEmpty();

      container.bundle("fine", "spark.jobserver.fine.size = 1");
      assertThat(container.configurations()).containsKey("spark.jobserver.fine");
    }
  }

  @Test
  void refusesToStartWhenTheFileDoesNotParse() throws Exception {
    assertRefused(7, "spark {\n  jobserver {\n    port = = 1\n  }\n}", "jobserver.conf: 3");
  }

  @Test
  void refusesToStartWhenAValueIsWrong() throws Exception {
    assertRefused(
        7,
        "spark.jobserver {\n  port = http\n}\nspark.context-settings.num-cpu-cores = few",
        folder.resolve("jobserver.conf") + ": 2: spark.jobserver.port must be a whole number",
        folder.resolve("jobserver.conf") + ": 4: spark.context-settings.num-cpu-cores must be");
    assertRefused(7, "spark.jobserver.port = 70000", "jobserver.conf: 1", "spark.jobserver.port");
    assertRefused(7, "x = ${NO_SUCH_VARIABLE}", "jobserver.conf: 1", "NO_SUCH_VARIABLE");
  }

  @Test
  void refusesToStartWhereItCannotListen() throws Exception {
    assertRefused(4, "spark.jobserver.bind-address = 192.0.2.1", "192.0.2.1");
    try (ServerSocket taken = new ServerSocket(0, 1, InetAddress.getLoopbackAddress())) {
      assertRefused(
          4,
          "spark.jobserver.port = " + taken.getLocalPort(),
          "port " + taken.getLocalPort(),
          "--port");
    }
  }

  @Test
  void warnsOfKeysThatNobodyKnowsWhenThePluginsAreUp() throws Exception {
    PrintStream stderr = System.err;
    ByteArrayOutputStream log = new ByteArrayOutputStream();
    System.setErr(new PrintStream(log, true, UTF_8));
    try (Container container =
        server("spark.jobserver {\n bind-adress = x\n plugin.size = 2\n}").start()) {
      container.bundle("plugin", "spark.jobserver.plugin.size = 1");
      assertThat(log.toString(UTF_8)).doesNotContain("not known");
      container.level(20);
      container.level(21);
      assertThat(log.toString(UTF_8))
          .containsOnlyOnce("not known")
          .contains(
              "jobserver.conf: 2: spark.jobserver.bind-adress is not known",
              "did you mean spark.jobserver.bind-address?");
    } finally {
      System.setErr(stderr);
    }
  }

  @Test
  void keepsTheAddressInAFileWhileTheHttpServerRuns() throws Exception {
    try (Container container = server("").start()) {
      Path url = folder.resolve("url");
      assertThat(url).doesNotExist();
      ServiceRegistration<Object> http =
          container
              .context()
              .registerService(
                  Object.class,
                  new Object(),
                  FrameworkUtil.asDictionary(
                      Map.of("osgi.http.endpoint", new String[] {"http://127.0.0.1:8090/"})));
      assertThat(url).hasContent("http://127.0.0.1:8090/\n");
      http.unregister();
      assertThat(url).doesNotExist();
    }
  }

  @Test
  void hasNoHttpInADriver() throws Exception {
    try (Container container = new Container(folder.resolve("felix"), Map.of())) {
      container.bundle("first", "spark.jobserver.first.size = 1");
      container.start();
      assertThat(container.failures()).isEmpty();
      assertThat(container.settings()).isPresent();
      assertThat(container.configurations())
          .containsOnlyKeys("spark.jobserver.core", "spark.jobserver.first");
    }
  }

  private void assertRefused(int exitCode, String file, String... words) throws Exception {
    try (Container container = server(file, Map.of()).start()) {
      assertThat(container.failures())
          .singleElement()
          .satisfies(
              failure -> {
                assertThat(failure.exitCode()).isEqualTo(exitCode);
                assertThat(failure.message()).contains(words);
              });
      assertThat(container.settings()).isEmpty();
      assertThat(container.configurations()).isEmpty();
    }
  }

  /** A server on any free port. */
  private Container server(String file) throws Exception {
    return server(file, Map.of("jobserver.port", "0"));
  }

  private Container server(String file, Map<String, String> properties) throws Exception {
    Path conf = Files.writeString(folder.resolve("jobserver.conf"), file);
    Map<String, String> all = new HashMap<>(properties);
    all.put("jobserver.conf", conf.toString());
    all.put("jobserver.data", folder.toString());
    Path storage = Files.createTempDirectory(folder, "felix");
    return new Container(storage, all);
  }

  private static int freePort() throws IOException {
    try (ServerSocket free = new ServerSocket(0, 1, InetAddress.getLoopbackAddress())) {
      return free.getLocalPort();
    }
  }

  private static Map<String, Long> changes(Container container) throws Exception {
    return container.configurations().entrySet().stream()
        .collect(
            Collectors.toMap(
                Map.Entry::getKey, e -> e.getValue().getChangeCount(), (a, b) -> a, TreeMap::new));
  }
}
