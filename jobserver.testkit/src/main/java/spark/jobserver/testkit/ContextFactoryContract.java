package spark.jobserver.testkit;

import static java.nio.charset.StandardCharsets.UTF_8;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertInstanceOf;
import static org.junit.jupiter.api.Assertions.assertNotNull;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;
import static org.junit.jupiter.api.DynamicTest.dynamicTest;

import com.typesafe.config.Config;
import com.typesafe.config.ConfigFactory;
import com.typesafe.config.ConfigUtil;
import java.io.InputStream;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.stream.Stream;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.DynamicTest;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.TestFactory;
import org.junit.jupiter.api.TestInstance;
import org.junit.jupiter.api.io.TempDir;
import org.osgi.framework.Bundle;
import org.osgi.framework.ServiceReference;
import spark.jobserver.api.context.JobOutcome;

/**
 * What every context factory for Python jobs must do. A subclass, in the tests of the factory's
 * bundle, says what is tested; the bundle is installed in a framework like a driver's, in the
 * process of the tests, with the Spark that the environment variable {@code SPARK_HOME} names and a
 * local master, and makes contexts there in which the author's job runs. {@code PYTHON} may name
 * the interpreter.
 *
 * <p>The finished jar is tested, so that a subclass is an integration test. The JVM needs the
 * options that Spark itself needs. One context lives at a time; most tests share it.
 */
@TestInstance(TestInstance.Lifecycle.PER_CLASS)
public abstract class ContextFactoryContract {
  private static final Duration PATIENCE = Duration.ofSeconds(15);

  /** What a driver is told on its command line. */
  private static final Map<String, String> LOCAL =
      Map.of(
          "spark.master", "local[2]",
          "spark.ui.enabled", "false",
          "spark.driver.host", "127.0.0.1",
          "spark.driver.bindAddress", "127.0.0.1");

  private final Map<String, String> before = new HashMap<>();
  private Path folder;
  private DriverFramework framework;
  private Bundle bundle;
  private JobArchive archive;
  private Leftovers atFirst;
  private TestedContext shared;

  /** The bundle: unless overridden, the jar that the system property {@code bundle} names. */
  protected Path bundle() {
    String jar = System.getProperty("bundle");
    assertNotNull(
        jar,
        "The system property \"bundle\" does not name the jar to test: run the tests by Maven, or"
            + " override bundle()");
    return Path.of(jar);
  }

  /** Bundles that the factory's own needs besides those of a driver. */
  protected List<Path> moreBundles() {
    return List.of();
  }

  /** The factory's name: what callers give as {@code context-factory}. */
  protected abstract String factoryName();

  /** The settings that contexts are made with, {@code spark.*} among them. */
  protected Config settings() {
    return ConfigFactory.empty();
  }

  /**
   * Settings that the factory must refuse, each as HOCON, and what its message must say of them.
   * None unless overridden.
   */
  protected Map<String, String> wrongSettings() {
    return Map.of();
  }

  /** The folder that holds the Python modules of the jobs. */
  protected abstract Path jobs();

  /** The job, {@code module.Class}, in {@link #jobs}. */
  protected abstract String classPath();

  /** What the job is run with, as JSON. */
  protected String jobConfig() {
    return "{}";
  }

  /** What the job returns then, as JSON without blanks. */
  protected abstract String result();

  /** Starts the framework and Spark, once. */
  @BeforeAll
  final void start(@TempDir Path temporary) throws Exception {
    String sparkHome = System.getenv("SPARK_HOME");
    assertNotNull(
        sparkHome, "SPARK_HOME is not set: it must name the folder of a Spark, 3.5 or newer");
    folder = temporary;
    archive = JobArchive.of(jobs(), classPath(), folder);
    Map<String, String> properties = new HashMap<>(LOCAL);
    Path local = Files.createDirectories(folder.resolve("local"));
    properties.put("spark.local.dir", local.toString());
    properties.put("spark.sql.warehouse.dir", folder.resolve("warehouse").toString());
    properties.putAll(sparkSettings());
    properties.forEach((key, value) -> before.put(key, System.setProperty(key, value)));
    framework = DriverFramework.start(sparkHome, folder.resolve("felix"));
    warmUp();
    atFirst = Leftovers.now();
    for (Path more : moreBundles()) {
      framework.install(more).start();
    }
    bundle = framework.install(bundle());
    bundle.start();
  }

  private Map<String, String> sparkSettings() {
    Map<String, String> found = new HashMap<>();
    settings()
        .withOnlyPath("spark")
        .entrySet()
        .forEach(
            entry ->
                found.put(
                    String.join(".", ConfigUtil.splitPath(entry.getKey())),
                    String.valueOf(entry.getValue().unwrapped())));
    return found;
  }

  /**
   * Spark starts threads that stay for as long as the process: by the session factory's context.
   */
  private void warmUp() throws Exception {
    ServiceReference<?> session =
        DriverFramework.factories(framework.python()).values().iterator().next();
    TestedContext.make(framework, framework.python(), session, ConfigFactory.empty(), folder)
        .close();
  }

  /** Ends all. */
  @AfterAll
  final void stop() throws Exception {
    try {
      closeShared();
      if (framework != null) {
        framework.stop();
      }
    } finally {
      before.forEach(
          (key, value) -> {
            if (value == null) {
              System.clearProperty(key);
            } else {
              System.setProperty(key, value);
            }
          });
    }
  }

  private ServiceReference<?> factory() throws InterruptedException {
    Map<String, ServiceReference<?>> offered = DriverFramework.factories(bundle);
    ServiceReference<?> factory = offered.get(factoryName());
    assertNotNull(
        factory,
        () ->
            "%s offers no context factory %s but %s: its component needs service = ContextFactory.class and property = ContextFactory.NAME + \"=%s\""
                .formatted(
                    bundle.getSymbolicName(), factoryName(), offered.keySet(), factoryName()));
    return factory;
  }

  private TestedContext make(Config settings) throws Exception {
    closeShared();
    return TestedContext.make(framework, bundle, factory(), settings, folder);
  }

  private TestedContext context() throws Exception {
    if (shared == null) {
      shared = make(settings());
    }
    return shared;
  }

  private void closeShared() {
    if (shared != null) {
      shared.close();
      shared = null;
    }
  }

  /**
   * How a job of {@link #jobs} ends in a context of the factory, for further tests of the author's.
   *
   * @param classPath the job
   * @param config what it is run with, as JSON
   */
  protected final JobOutcome run(String classPath, String config) throws Exception {
    return context().run(archive, classPath, config).outcome();
  }

  /** The JSON text that a job returns which must succeed; else as {@link #run}. */
  protected final String resultOf(String classPath, String config) throws Exception {
    JobOutcome outcome = run(classPath, config);
    JobOutcome.Finished finished =
        assertInstanceOf(
            JobOutcome.Finished.class, outcome, () -> "The job did not succeed: " + outcome);
    try (InputStream in = finished.result().open()) {
      return new String(in.readAllBytes(), UTF_8);
    }
  }

  @Test
  void theFactoryIsFoundByTheNameItSays() throws Exception {
    assertEquals(Set.of(factoryName()), DriverFramework.factories(bundle).keySet());
  }

  @Test
  void aJobRunsInItsContext() throws Exception {
    assertEquals(result(), resultOf(classPath(), jobConfig()));
    assertFalse(context().running().applicationId().isEmpty(), "the context has no application id");
  }

  @Test
  void aKilledJobEndsAndTheNextOneRuns() throws Exception {
    JobWatch job = context().run(archive, JobArchive.CONTRACT + ".Waits", jobConfig()).valid();
    long killed = System.nanoTime();
    assertInstanceOf(JobOutcome.Killed.class, job.kill().outcome());
    Duration taken = Duration.ofNanos(System.nanoTime() - killed);
    assertTrue(taken.compareTo(PATIENCE) < 0, () -> "it took " + taken);
    assertEquals(result(), resultOf(classPath(), jobConfig()));
  }

  @Test
  void aClassPathThatIsNotInTheBinaryIsTold() throws Exception {
    for (String missing : List.of("no_such_module.Job", classPath() + "ThatIsNotThere")) {
      JobOutcome outcome = run(missing, jobConfig());
      assertEquals(
          missing, assertInstanceOf(JobOutcome.NotFound.class, outcome).classPath(), missing);
    }
  }

  @Test
  void theErrorOfAJobIsToldAsItsOwn() throws Exception {
    JobOutcome outcome = run(JobArchive.CONTRACT + ".Raises", jobConfig());
    assertEquals(
        "raised on purpose",
        assertInstanceOf(JobOutcome.Failed.class, outcome).failure().message());
  }

  @Test
  void aClosedContextRunsNoJobsAndLeavesNothingBehind() throws Exception {
    TestedContext context = make(settings());
    JobOutcome outcome = context.run(archive, classPath(), jobConfig()).outcome();
    assertInstanceOf(JobOutcome.Finished.class, outcome);
    context.close();
    context.close(); // has no effect
    assertFalse(
        context.running().broken().toCompletableFuture().isDone(),
        "a context that was closed is not broken");
    assertThrows(Exception.class, () -> context.run(archive, classPath(), jobConfig()).outcome());
    List<String> left = atFirst.sinceThen(PATIENCE);
    assertTrue(left.isEmpty(), () -> "Closed contexts have left:\n" + String.join("\n", left));
  }

  @TestFactory
  Stream<DynamicTest> wrongSettingsAreRefusedWithWords() {
    return wrongSettings().entrySet().stream()
        .map(wrong -> dynamicTest(wrong.getKey(), () -> refused(wrong.getKey(), wrong.getValue())));
  }

  private void refused(String wrong, String words) {
    Config asked = ConfigFactory.parseString(wrong).withFallback(settings());
    Exception refusal = assertThrows(Exception.class, () -> make(asked).close());
    assertTrue(
        String.valueOf(refusal.getMessage()).contains(words),
        () -> "The message is \"%s\", without \"%s\"".formatted(refusal.getMessage(), words));
  }
}
