package spark.jobserver.python.integration;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import com.typesafe.config.Config;
import com.typesafe.config.ConfigFactory;
import java.io.ByteArrayOutputStream;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.concurrent.atomic.AtomicReference;
import java.util.function.Function;
import java.util.zip.ZipEntry;
import java.util.zip.ZipOutputStream;
import javax.tools.ToolProvider;
import org.apache.spark.SparkConf;
import org.apache.spark.SparkContext$;
import org.apache.spark.api.java.JavaSparkContext;
import org.apache.spark.sql.SparkSession;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;
import spark.jobserver.api.context.ContextRequest;
import spark.jobserver.python.PythonContextFactory;

@Timeout(60)
class CustomContextIT {
  @TempDir static Path folder;

  /** What jobs get from their {@code build_context}. */
  public static final class Greeter {
    private final String name;

    Greeter(String name) {
      this.name = name;
    }

    public String greeting() {
      return "hello " + name;
    }
  }

  private static final class GreeterFactory extends PythonContextFactory {
    private final AtomicReference<Object> closed = new AtomicReference<>();

    @Override
    protected void configure(SparkConf conf, Config settings) {
      conf.set("spark.custom", settings.getString("custom"));
    }

    @Override
    protected Object makeContext(SparkConf conf, Config settings, String name) {
      JavaSparkContext spark = new JavaSparkContext(conf);
      return new Greeter(spark.appName());
    }

    @Override
    protected List<String> py4JImports() {
      return List.of("java.util.concurrent.*");
    }

    @Override
    protected List<String> pythonFiles() {
      return List.of("python");
    }

    @Override
    protected void close(Object context) {
      closed.set(context);
    }
  }

  @BeforeAll
  static void needsSpark() throws Exception {
    ContextUnderTest.needsSpark(folder);
  }

  @Test
  void aJobBuildsItsContextFromTheFactorysObject() throws Exception {
    Path extension = folder.resolve("extension.jar");
    try (ZipOutputStream jar = new ZipOutputStream(Files.newOutputStream(extension))) {
      jar.putNextEntry(new ZipEntry("python/helper.py"));
      jar.write("ANSWER = 42\n".getBytes(java.nio.charset.StandardCharsets.UTF_8));
    }
    GreeterFactory factory = new GreeterFactory();
    ContextRequest plain = ContextUnderTest.request(folder, "custom = own");
    ContextRequest request =
        new ContextRequest(
            plain.id(),
            plain.name(),
            plain.settings(),
            plain.folder(),
            List.of(extension, plain.bundles().get(0)));
    try (ContextUnderTest context = new ContextUnderTest(factory, request)) {
      assertThat(context.run("Custom", "{}").result()).isEqualTo("[\"hello test\",6,\"own\",42]");
      assertThat(context.run("Raises", "{}").failure().message()).contains("build_context");
    }
    assertThat(factory.closed.get()).isInstanceOf(Greeter.class);
  }

  @Test
  void aContextHasTheDefaultsThatPySparkGivesItsOwn() throws Exception {
    AtomicReference<SparkConf> used = new AtomicReference<>();
    madeOf(
        conf -> {
          JavaSparkContext spark = new JavaSparkContext(conf);
          used.set(spark.getConf());
          return spark;
        });
    assertThat(used.get().get("spark.rdd.compress")).isEqualTo("true");
    assertThat(used.get().get("spark.serializer.objectStreamReset")).isEqualTo("100");
    assertThat(used.get().get("spark.sql.artifact.isolation.enabled")).isEqualTo("false");
  }

  @Test
  void ofAJavaSparkContextAJobGetsPySparksSparkContext() throws Exception {
    assertThat(madeOf(JavaSparkContext::new)).isEqualTo("[\"SparkContext\",3]");
  }

  @Test
  void ofASqlContextAJobGetsPySparksSqlContext() throws Exception {
    assertThat(madeOf(conf -> SparkSession.builder().config(conf).getOrCreate().sqlContext()))
        .isEqualTo("[\"SQLContext\",3]");
  }

  /** What jobs get whose factory brings a jar. */
  public static final class Jars {
    private final JavaSparkContext spark;

    Jars(JavaSparkContext spark) {
      this.spark = spark;
    }

    public String shipped() {
      return spark.sc().listJars().mkString(",");
    }
  }

  @Test
  void aJarOfTheBundleIsOnTheClassLoaderAndShippedToExecutors() throws Exception {
    PythonContextFactory factory =
        new PythonContextFactory() {
          @Override
          protected Object makeContext(SparkConf conf, Config settings, String name) {
            return new Jars(new JavaSparkContext(conf));
          }

          @Override
          protected List<String> jars() {
            return List.of("lib/shapes.jar");
          }

          @Override
          protected List<String> py4JImports() {
            return List.of("shapes.Square");
          }
        };
    ClassLoader before = Thread.currentThread().getContextClassLoader();
    try (ContextUnderTest context = new ContextUnderTest(factory, withShapes(""))) {
      assertThat(context.run("Shapes", "{}").result())
          .matches("\\[4,4,\".*spark://[^,]*/[0-9a-f]{16}-shapes.jar.*\"]");
    } finally {
      Thread.currentThread().setContextClassLoader(before);
    }
    assertThat(folder.resolve("jars")).doesNotExist();
  }

  /** A request whose first bundle has a jar of one class. */
  private static ContextRequest withShapes(String settings) throws Exception {
    Path classes = Files.createDirectories(folder.resolve("classes"));
    Path source =
        Files.writeString(
            folder.resolve("Square.java"),
            "package shapes; public class Square { public static int sides() { return 4; } }");
    int errors =
        ToolProvider.getSystemJavaCompiler()
            .run(null, null, null, "-proc:none", "-d", classes.toString(), source.toString());
    assertThat(errors).isZero();
    ByteArrayOutputStream shapes = new ByteArrayOutputStream();
    try (ZipOutputStream jar = new ZipOutputStream(shapes)) {
      jar.putNextEntry(new ZipEntry("shapes/Square.class"));
      jar.write(Files.readAllBytes(classes.resolve("shapes/Square.class")));
    }
    Path extension = folder.resolve("shapes-bundle.jar");
    try (ZipOutputStream jar = new ZipOutputStream(Files.newOutputStream(extension))) {
      jar.putNextEntry(new ZipEntry("lib/shapes.jar"));
      jar.write(shapes.toByteArray());
    }
    ContextRequest plain = ContextUnderTest.request(folder, settings);
    return new ContextRequest(
        plain.id(),
        plain.name(),
        plain.settings(),
        plain.folder(),
        List.of(extension, plain.bundles().get(0)));
  }

  @Test
  void aFactoryChangesTheSettingsThatAllElseSees() throws Exception {
    PythonContextFactory factory =
        new PythonContextFactory() {
          @Override
          protected Config settings(Config settings) {
            return ConfigFactory.parseString("shape = round, given = false").withFallback(settings);
          }

          @Override
          protected void configure(SparkConf conf, Config settings) {
            conf.set("spark.shape", settings.getString("shape"));
          }

          @Override
          protected Object makeContext(SparkConf conf, Config settings, String name) {
            conf.set("spark.given", settings.getString("given"));
            return new JavaSparkContext(conf);
          }
        };
    try (ContextUnderTest context = new ContextUnderTest(factory, folder, "given = true, a = 1")) {
      assertThat(context.run("Settings", "{}").result())
          .isEqualTo("[\"round\",\"false\",\"round\",1]");
    }
  }

  @Test
  void whatAFactoryRefusesIsToldAsItSaysIt() throws Exception {
    PythonContextFactory factory =
        new PythonContextFactory() {
          @Override
          protected Config settings(Config settings) {
            throw new IllegalArgumentException("shape must be round, not square");
          }

          @Override
          protected Object makeContext(SparkConf conf, Config settings, String name) {
            return new JavaSparkContext(conf);
          }
        };
    assertThatThrownBy(() -> factory.make(ContextUnderTest.request(folder, "")))
        .hasMessage("shape must be round, not square");
    assertThat(SparkContext$.MODULE$.getActive().isEmpty()).isTrue();
  }

  @Test
  void aFactoryThatMakesNothingOfSparkIsNamed() throws Exception {
    for (Object made : new Object[] {null, "no context"}) {
      PythonContextFactory factory = new Making(made);
      assertThatThrownBy(() -> factory.make(ContextUnderTest.request(folder, "")))
          .hasMessageContaining(
              Making.class.getName() + (made == null ? ".makeContext returned null" : ".makeCont"))
          .hasMessageContaining(made == null ? "null" : "there is no SparkContext");
    }
    assertThat(SparkContext$.MODULE$.getActive().isEmpty()).isTrue();
    Processes.assertThatAllEnd();
  }

  private static final class Making extends PythonContextFactory {
    private final Object made;

    Making(Object made) {
      this.made = made;
    }

    @Override
    protected Object makeContext(SparkConf conf, Config settings, String name) {
      return made;
    }
  }

  /** What a job says of a context. */
  private static String madeOf(Function<SparkConf, Object> made) throws Exception {
    PythonContextFactory factory =
        new PythonContextFactory() {
          @Override
          protected Object makeContext(SparkConf conf, Config settings, String name) {
            return made.apply(conf);
          }
        };
    try (ContextUnderTest context = new ContextUnderTest(factory, folder, "")) {
      return context.run("Kind", "{}").result();
    }
  }
}
