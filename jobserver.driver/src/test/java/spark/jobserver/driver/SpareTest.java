package spark.jobserver.driver;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Instant;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;
import spark.jobserver.api.driver.SpareDriver;
import spark.jobserver.link.Command;
import spark.jobserver.link.SpareFile;
import spark.jobserver.link.Wire;

/** A driver without a context, in this process: Spark's properties are those of this JVM. */
@Timeout(60)
class SpareTest {
  @TempDir Path temporary;

  private Path folder;
  private Path store;
  private final NotingFactory factory = new NotingFactory();
  private final List<Factories.Jar> installed = new ArrayList<>();
  private final List<String> masters = new ArrayList<>();

  @BeforeEach
  void layOut() throws IOException {
    folder = Files.createDirectories(temporary.resolve("context"));
    store = Files.createDirectories(temporary.resolve("bundles"));
    Files.writeString(store.resolve("d1.jar"), "a bundle");
    properties("spark.master=spark://127.0.0.1:7077\nspark.ui.port=0\nspark.test.gone=x\n");
  }

  @AfterEach
  void forgetProperties() {
    System.getProperties().stringPropertyNames().stream()
        .filter(key -> key.startsWith("spark."))
        .forEach(System::clearProperty);
  }

  /** Writes the file, as the launcher does, and sets the properties, as spark-submit does. */
  private void properties(String text) throws IOException {
    Files.writeString(folder.resolve("spark.properties"), text);
    text.lines().map(line -> line.split("=", 2)).forEach(p -> System.setProperty(p[0], p[1]));
  }

  private void order(ProcessHandle server, boolean training) throws IOException {
    Files.write(
        folder.resolve("spare.json"),
        Wire.line(
            new SpareFile(
                "noting",
                List.of(new Command.BundleFile("noting", "1.0.0", "d1")),
                store.toString(),
                "{\"num-cpu-cores\": 2}",
                server.pid(),
                server.info().startInstant().map(Instant::toEpochMilli).orElse(0L),
                training)));
  }

  private Spare spare() throws IOException {
    Factories factories =
        (name, bundles) -> {
          installed.addAll(bundles);
          masters.add(System.getProperty("spark.master"));
          return new Factories.Factory(factory, getClass().getClassLoader());
        };
    return Spare.in(folder, new ContextMaker(ClassLoader.getPlatformClassLoader(), factories))
        .orElseThrow();
  }

  private static CompletableFuture<Boolean> awaiting(Spare spare) {
    return CompletableFuture.supplyAsync(
        () -> {
          try {
            return spare.await();
          } catch (Exception e) {
            throw new IllegalStateException(e);
          }
        });
  }

  private void untilReady() throws InterruptedException {
    while (!Files.exists(folder.resolve(SpareDriver.READY))) {
      Thread.sleep(10);
    }
  }

  @Test
  void a_driver_without_an_order_is_none() throws IOException {
    assertThat(Spare.in(folder, new ContextMaker(null, null))).isEqualTo(Optional.empty());
  }

  @Test
  void it_makes_a_context_on_this_machine_alone_and_closes_it() throws Exception {
    order(ProcessHandle.current(), false);
    CompletableFuture<Boolean> taken = awaiting(spare());
    untilReady();
    assertThat(masters).containsExactly("local[1]");
    NotingFactory.Made made = Server.next(factory.made);
    assertThat(made.request().settings().getInt("num-cpu-cores")).isEqualTo(2);
    assertThat(factory.closed.getCount()).isZero();
    assertThat(made.request().folder()).doesNotExist();
    assertThat(folder.resolve("bundles").resolve("d1.jar")).hasContent("a bundle");
    assertThat(installed).extracting(jar -> jar.bundle().digest()).containsExactly("d1");
    assertThat(taken).isNotDone();
    Files.createFile(folder.resolve(SpareDriver.ASSIGNED));
    assertThat(taken.get(20, TimeUnit.SECONDS)).isTrue();
  }

  @Test
  void with_its_context_come_the_properties_of_that() throws Exception {
    order(ProcessHandle.current(), false);
    System.setProperty("spark.submit.of.its.own", "stays");
    CompletableFuture<Boolean> taken = awaiting(spare());
    untilReady();
    Files.writeString(
        folder.resolve("spark.properties"), "spark.master=local[3]\nspark.app.name=word counts\n");
    Files.createFile(folder.resolve(SpareDriver.ASSIGNED));
    assertThat(taken.get(20, TimeUnit.SECONDS)).isTrue();
    assertThat(System.getProperty("spark.master")).isEqualTo("local[3]");
    assertThat(System.getProperty("spark.app.name")).isEqualTo("word counts");
    assertThat(System.getProperty("spark.test.gone")).isNull();
    assertThat(System.getProperty("spark.ui.port")).isNull();
    assertThat(System.getProperty("spark.eventLog.enabled")).isNull();
    assertThat(System.getProperty("spark.submit.of.its.own")).isEqualTo("stays");
  }

  @Test
  void it_ends_with_its_server_as_long_as_nobody_has_taken_it() throws Exception {
    Process server = new ProcessBuilder("sleep", "1000").start();
    try {
      order(server.toHandle(), false);
      CompletableFuture<Boolean> taken = awaiting(spare());
      untilReady();
      assertThat(taken).isNotDone();
      server.destroyForcibly().waitFor();
      assertThat(taken.get(20, TimeUnit.SECONDS)).isFalse();
    } finally {
      server.destroyForcibly();
    }
  }

  @Test
  void in_training_it_ends_when_it_is_ready() throws Exception {
    order(ProcessHandle.current(), true);
    assertThat(spare().await()).isFalse();
    assertThat(factory.closed.getCount()).isZero();
    assertThat(folder.resolve(SpareDriver.READY)).doesNotExist();
  }

  @Test
  void one_that_cannot_make_a_context_is_never_ready() throws Exception {
    order(ProcessHandle.current(), false);
    factory.refusal = Optional.of(new IOException("no python"));
    Spare spare = spare();
    assertThatThrownBy(spare::await).hasMessage("no python");
    assertThat(folder.resolve(SpareDriver.READY)).doesNotExist();
  }
}
