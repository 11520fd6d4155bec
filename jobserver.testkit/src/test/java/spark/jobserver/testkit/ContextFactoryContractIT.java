package spark.jobserver.testkit;

import static java.nio.charset.StandardCharsets.UTF_8;
import static org.assertj.core.api.Assertions.assertThat;
import static org.junit.platform.engine.discovery.DiscoverySelectors.selectClass;

import java.io.IOException;
import java.io.OutputStream;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;
import java.util.jar.Attributes;
import java.util.jar.JarOutputStream;
import java.util.jar.Manifest;
import java.util.zip.ZipEntry;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.condition.EnabledIfEnvironmentVariable;
import org.junit.jupiter.api.io.TempDir;
import org.junit.platform.engine.TestExecutionResult;
import org.junit.platform.launcher.TestExecutionListener;
import org.junit.platform.launcher.TestIdentifier;
import org.junit.platform.launcher.core.LauncherDiscoveryRequestBuilder;
import org.junit.platform.launcher.core.LauncherFactory;
import org.osgi.framework.Constants;

/** The contract tells good factories from bad ones. */
@EnabledIfEnvironmentVariable(named = "SPARK_HOME", matches = ".+")
class ContextFactoryContractIT {
  private static final String NAME = "org.example.Factory";
  private static final String SCR = "http://www.osgi.org/xmlns/scr/v1.3.0";

  /** What the contract is told; run by the tests below, and by nobody else. */
  static class Subject extends ContextFactoryContract {
    static Path bundle;
    static Path jobs;
    static String name = NAME;
    static Map<String, String> wrong = Map.of();

    @Override
    protected Path bundle() {
      return bundle;
    }

    @Override
    protected String factoryName() {
      return name;
    }

    @Override
    protected Map<String, String> wrongSettings() {
      return wrong;
    }

    @Override
    protected Path jobs() {
      return jobs;
    }

    @Override
    protected String classPath() {
      return "one_job.Count";
    }

    @Override
    protected String result() {
      return "3";
    }
  }

  @TempDir Path folder;

  @BeforeEach
  void aJob() throws IOException {
    Subject.name = NAME;
    Subject.wrong = Map.of();
    Subject.jobs = folder.resolve("jobs");
    job("return context.parallelize([1, 2, 3]).count()");
  }

  private static void job(String body) throws IOException {
    Files.createDirectories(Subject.jobs);
    Files.writeString(
        Subject.jobs.resolve("one_job.py"),
        """
        class Count:
            def validate(self, context, runtime, config):
                return config

            def run_job(self, context, runtime, data):
                %s
        """
            .formatted(body));
  }

  /** A process that a factory has left would be left by this test, too. */
  @AfterEach
  void endChildren() {
    ProcessHandle.current()
        .children()
        .filter(child -> child.info().arguments().map(a -> a[0].equals("120")).orElse(false))
        .forEach(ProcessHandle::destroyForcibly);
  }

  /** A bundle with a factory of BadFactories. */
  private void bundle(Class<?> factory, String name) throws IOException {
    Manifest manifest = new Manifest();
    Attributes main = manifest.getMainAttributes();
    main.put(Attributes.Name.MANIFEST_VERSION, "1.0");
    main.putValue(Constants.BUNDLE_MANIFESTVERSION, "2");
    main.putValue(Constants.BUNDLE_SYMBOLICNAME, "org.example");
    main.putValue(
        Constants.IMPORT_PACKAGE,
        "com.typesafe.config,org.apache.spark,org.apache.spark.api.java,"
            + "spark.jobserver.api.context,spark.jobserver.python");
    main.putValue(
        Constants.REQUIRE_CAPABILITY, "osgi.extender;filter:=\"(osgi.extender=osgi.component)\"");
    main.putValue("Service-Component", "OSGI-INF/factory.xml");
    Subject.bundle = folder.resolve("bundle.jar");
    try (OutputStream out = Files.newOutputStream(Subject.bundle);
        JarOutputStream jar = new JarOutputStream(out, manifest)) {
      for (Class<?> type :
          new LinkedHashSet<>(List.of(BadFactories.class, BadFactories.Good.class, factory))) {
        String file = type.getName().replace('.', '/') + ".class";
        jar.putNextEntry(new ZipEntry(file));
        try (var in = type.getResourceAsStream("/" + file)) {
          in.transferTo(jar);
        }
      }
      jar.putNextEntry(new ZipEntry("OSGI-INF/factory.xml"));
      jar.write(
          """
          <scr:component xmlns:scr="%s" name="factory">
            <implementation class="%s"/>
            <property name="context.factory" value="%s"/>
            <service><provide interface="spark.jobserver.api.context.ContextFactory"/></service>
          </scr:component>
          """
              .formatted(SCR, factory.getName(), name)
              .getBytes(UTF_8));
    }
  }

  /**
   * Runs the contract, and tells its tests by name with why they failed; empty where they did not.
   */
  private static Map<String, String> failures() {
    Map<String, String> failures = new TreeMap<>();
    LauncherFactory.create()
        .execute(
            LauncherDiscoveryRequestBuilder.request().selectors(selectClass(Subject.class)).build(),
            new TestExecutionListener() {
              @Override
              public void executionFinished(TestIdentifier test, TestExecutionResult result) {
                if (test.isTest() || result.getThrowable().isPresent()) {
                  failures.put(
                      test.getDisplayName().replace("()", ""),
                      result.getThrowable().map(String::valueOf).orElse(""));
                }
              }
            });
    return failures;
  }

  @Test
  void aGoodFactoryPasses() throws Exception {
    bundle(BadFactories.Good.class, NAME);
    assertThat(failures()).hasSize(6).allSatisfy((name, why) -> assertThat(why).isEmpty());
  }

  @Test
  void whatIsLeftIsTold() throws Exception {
    bundle(BadFactories.Leaves.class, NAME);
    Map<String, String> failures = failures();
    assertThat(failures.remove("aClosedContextRunsNoJobsAndLeavesNothingBehind"))
        .contains("thread \"left-behind\"", "BadFactories$Leaves", "process ", "sleep 120");
    assertThat(failures).hasSize(5).allSatisfy((name, why) -> assertThat(why).isEmpty());
  }

  @Test
  void anotherNameIsTold() throws Exception {
    bundle(BadFactories.Good.class, "org.example.Other");
    assertThat(failures())
        .hasSize(6)
        .allSatisfy((name, why) -> assertThat(why).contains("org.example.Other"));
  }

  @Test
  void anotherResultAndSettingsThatAreNotRefusedWellAreTold() throws Exception {
    bundle(BadFactories.SaysLittle.class, NAME);
    job("return context.parallelize([1, 2]).count()");
    Subject.wrong = Map.of("wrong = 1", "wrong must be 2", "also.wrong = 1", "also.wrong");
    assertThat(failures())
        .containsEntry(
            "wrong = 1",
            "org.opentest4j.AssertionFailedError: The message is \"something is wrong\", without"
                + " \"wrong must be 2\" ==> expected: <true> but was: <false>")
        .hasEntrySatisfying(
            "also.wrong = 1", why -> assertThat(why).contains("to be thrown, but nothing was"))
        .hasEntrySatisfying(
            "aJobRunsInItsContext", why -> assertThat(why).contains("expected: <3> but was: <2>"))
        .containsEntry("theErrorOfAJobIsToldAsItsOwn", "");
  }
}
