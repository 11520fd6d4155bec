package spark.jobserver.python.integration;

import static org.assertj.core.api.Assertions.assertThat;

import com.typesafe.config.Config;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.concurrent.atomic.AtomicReference;
import java.util.function.Function;
import java.util.zip.ZipEntry;
import java.util.zip.ZipOutputStream;
import org.apache.spark.SparkConf;
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
