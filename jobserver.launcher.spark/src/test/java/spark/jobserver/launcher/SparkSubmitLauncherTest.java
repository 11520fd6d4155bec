package spark.jobserver.launcher;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import com.typesafe.config.ConfigFactory;
import java.io.BufferedReader;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.attribute.PosixFilePermissions;
import java.util.ArrayList;
import java.util.List;
import java.util.UUID;
import java.util.concurrent.CompletionException;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;
import spark.jobserver.api.DriverStart;
import spark.jobserver.api.driver.DriverProcess;
import spark.jobserver.api.driver.DriverSpec;
import spark.jobserver.api.driver.SpareDriver;

/**
 * With real processes: Spark's launcher starts a shell script in the place of {@code spark-submit}.
 */
@Timeout(30)
class SparkSubmitLauncherTest {
  @TempDir Path temporary;

  private Path sparkHome;
  private Path folder;
  private Path ready;
  private SparkSubmitLauncher launcher;
  private final List<DriverProcess> started = new ArrayList<>();
  private final String id = UUID.randomUUID().toString();

  @BeforeEach
  void layOut() throws Exception {
    sparkHome = Files.createDirectories(temporary.resolve("spark home"));
    Path bundles = Files.createDirectories(temporary.resolve("home").resolve("bundles"));
    Files.createDirectories(bundles.resolve("driver"));
    Files.createFile(bundles.resolve("jobserver.boot.jar"));
    folder = Files.createDirectories(temporary.resolve("data folder").resolve(id));
    ready = temporary.resolve("ready");
    Process pipe = new ProcessBuilder("mkfifo", ready.toString()).inheritIO().start();
    assertThat(pipe.waitFor()).isZero();
    launcher =
        new SparkSubmitLauncher(
            sparkHome,
            bundles,
            temporary.resolve("cache"),
            ConfigFactory.parseString(
                """
                spark.master = "local[1]"
                spark.jobserver.driver.class-archive = true
                """));
  }

  @AfterEach
  void endAll() {
    started.forEach(DriverProcess::kill);
    launcher.close();
  }

  /** A spark-submit that may say {@code ready} to the test, with a text. */
  private void sparkSubmit(String script) throws IOException {
    Path submit = sparkHome.resolve("bin").resolve("spark-submit");
    Files.createDirectories(submit.getParent());
    Files.writeString(
        submit, "#!/bin/bash\nready() { echo \"$*\" > '" + ready + "'; }\n" + script + "\n");
    Files.setPosixFilePermissions(submit, PosixFilePermissions.fromString("rwxr-xr-x"));
  }

  private DriverProcess launch(String settings) throws IOException {
    DriverProcess driver =
        launcher.launch(
            new DriverSpec(
                id,
                1,
                "word counts",
                ConfigFactory.parseString(settings),
                folder,
                folder.resolve("enrolment.json")));
    started.add(driver);
    return driver;
  }

  /** What the script says when it is ready. */
  private String awaitReady() throws IOException {
    try (BufferedReader reader = Files.newBufferedReader(ready)) {
      return reader.readLine();
    }
  }

  private static String exitOf(DriverProcess driver) throws Exception {
    return driver.exit().toCompletableFuture().get(10, TimeUnit.SECONDS);
  }

  @Test
  void spark_submit_gets_the_main_class_the_arguments_and_the_working_directory() throws Exception {
    sparkSubmit("printf '%s\\n' \"$PWD\" \"$@\"; echo oops >&2; exit 3");
    DriverProcess driver = launch("");
    assertThat(exitOf(driver)).isEqualTo("exit code 3");
    assertThat(driver.isAlive()).isFalse();
    assertThat(driver.lastLines(100))
        .startsWith(folder.resolve("work").toString())
        .containsSequence("--properties-file", folder.resolve("spark.properties").toString())
        .containsSequence("--class", "spark.jobserver.boot.DriverMain")
        .containsSequence(
            temporary.resolve("home/bundles/jobserver.boot.jar").toString(),
            folder.resolve("enrolment.json").toString(),
            folder.toString(),
            temporary.resolve("home/bundles/driver").toString())
        .endsWith("oops");
    assertThat(driver.lastLines(1)).containsExactly("oops");
  }

  @Test
  void a_user_to_act_for_is_an_argument_of_spark_submit_before_the_application() throws Exception {
    sparkSubmit("printf '%s\\n' \"$SPARK_USER\" \"$@\"");
    DriverProcess driver = launch("spark.proxy.user = ada");
    exitOf(driver);
    List<String> lines = driver.lastLines(100);
    assertThat(lines).startsWith("ada").containsSequence("--proxy-user", "ada");
    assertThat(lines.indexOf("--proxy-user"))
        .isLessThan(lines.indexOf(temporary.resolve("home/bundles/jobserver.boot.jar").toString()));
  }

  @Test
  void without_one_nothing_is_said_of_a_user() throws Exception {
    sparkSubmit("printf '%s\\n' \"$@\"");
    DriverProcess driver = launch("passthrough { spark.proxy.user = root }");
    exitOf(driver);
    assertThat(driver.lastLines(100))
        .contains("--properties-file")
        .noneMatch(line -> line.contains("proxy"));
  }

  private DriverSpec spec(String name, String settings) {
    return new DriverSpec(
        id, 1, name, ConfigFactory.parseString(settings), folder, folder.resolve("enrolment.json"));
  }

  private SpareDriver spare(String settings) throws IOException {
    SpareDriver spare = launcher.launchSpare(spec("spare", settings)).orElseThrow();
    started.add(launcher.find(spare.reference()).orElseThrow());
    return spare;
  }

  @Test
  void a_spare_is_ready_when_it_says_so_and_as_long_as_it_lives() throws Exception {
    sparkSubmit("ready up; sleep 100");
    SpareDriver spare = spare("");
    assertThat(awaitReady()).isEqualTo("up");
    assertThat(spare.contextId()).isEqualTo(id);
    assertThat(spare.isReady()).isFalse();
    Files.createFile(folder.resolve(SpareDriver.READY));
    assertThat(spare.isReady()).isTrue();
    spare.kill();
    spare.exit().toCompletableFuture().get(10, TimeUnit.SECONDS);
    assertThat(spare.isReady()).isFalse();
  }

  @Test
  void a_spare_is_given_the_properties_of_its_context() throws Exception {
    sparkSubmit("sleep 100");
    SpareDriver spare = spare("spark.sql.shuffle.partitions = 7");
    String wanted = "spark.ui.enabled = false";
    assertThat(spare.suits(ConfigFactory.parseString(wanted))).isTrue();
    assertThat(spare.suits(ConfigFactory.parseString("spark.driver.memory = 2g"))).isFalse();
    assertThat(spare.suits(ConfigFactory.parseString("num-cpu-cores = many"))).isFalse();

    DriverProcess driver = spare.assign(spec("word counts", wanted));
    assertThat(folder.resolve(SpareDriver.ASSIGNED)).exists();
    assertThat(Files.readString(folder.resolve("spark.properties")))
        .contains("spark.app.name=word counts\n", "spark.ui.enabled=false\n")
        .doesNotContain("shuffle");
    assertThat(driver.start()).isEqualTo(DriverStart.SPARE);
    assertThat(driver.reference()).isEqualTo(spare.reference());
    assertThat(launcher.find(driver.reference()).orElseThrow().start())
        .isEqualTo(DriverStart.SPARE);
  }

  @Test
  void a_training_whose_driver_ends_well_makes_later_ones_start_with_its_classes()
      throws Exception {
    sparkSubmit(
        "file=$(sed -n 's/.*-XX:ArchiveClassesAtExit=\\([^ \"]*\\).*/\\1/p' ../spark.properties);"
            + " [[ -z \"$file\" ]] || echo classes > \"$file\"; exit 0");
    assertThat(launcher.needsTraining()).isTrue();
    DriverProcess cold = launch("");
    assertThat(exitOf(cold)).isEqualTo("exit code 0");
    assertThat(cold.start()).isEqualTo(DriverStart.COLD);

    assertThat(exitOf(launcher.train(spec("spare", "")))).isEqualTo("exit code 0");
    assertThat(launcher.needsTraining()).isFalse();
    DriverProcess archived = launch("");
    assertThat(exitOf(archived)).isEqualTo("exit code 0");
    assertThat(archived.start()).isEqualTo(DriverStart.ARCHIVE);
  }

  @Test
  void a_training_whose_driver_fails_changes_nothing() throws Exception {
    sparkSubmit(
        "file=$(sed -n 's/.*-XX:ArchiveClassesAtExit=\\([^ \"]*\\).*/\\1/p' ../spark.properties);"
            + " echo classes > \"$file\"; exit 1");
    assertThat(exitOf(launcher.train(spec("spare", "")))).isEqualTo("exit code 1");
    assertThat(launcher.needsTraining()).isTrue();
    assertThat(temporary.resolve("cache")).isEmptyDirectory();
  }

  @Test
  void the_settings_are_in_a_file_that_only_the_user_can_read() throws Exception {
    sparkSubmit("echo \"$@\"");
    DriverProcess driver = launch("passthrough { spark.my.password = hush }");
    exitOf(driver);
    Path file = folder.resolve("spark.properties");
    assertThat(PosixFilePermissions.toString(Files.getPosixFilePermissions(file)))
        .isEqualTo("rw-------");
    assertThat(Files.readString(file)).contains("spark.my.password=hush\n");
    assertThat(driver.lastLines(10)).noneMatch(line -> line.contains("hush"));
  }

  @Test
  void the_defaults_of_the_spark_installation_count() throws Exception {
    Files.createDirectories(sparkHome.resolve("conf"));
    Files.writeString(
        sparkHome.resolve("conf").resolve("spark-defaults.conf"),
        "spark.eventLog.enabled   true\nspark.ui.port 4040\n");
    sparkSubmit("exit 0");
    exitOf(launch("spark.ui.port = 5050"));
    assertThat(Files.readString(folder.resolve("spark.properties")))
        .contains("spark.eventLog.enabled=true\n", "spark.ui.port=5050\n");
  }

  @Test
  void the_environment_names_the_driver_and_its_own_folders() throws Exception {
    sparkSubmit("env");
    DriverProcess driver = launch("");
    exitOf(driver);
    assertThat(driver.lastLines(1000))
        .contains(
            "JOBSERVER_DRIVER=" + id + ".1",
            "JOBSERVER_CACHE=" + temporary.resolve("cache"),
            "SPARK_HOME=" + sparkHome,
            "SPARK_LOCAL_IP=127.0.0.1",
            "SPARK_LOCAL_DIRS=" + folder.resolve("local"),
            "TMPDIR=" + folder.resolve("tmp"));
  }

  @Test
  void a_driver_reads_nothing_and_holds_no_pipe_to_the_server() throws Exception {
    sparkSubmit("cat; readlink /proc/$$/fd/1 /proc/$$/fd/2");
    DriverProcess driver = launch("");
    assertThat(exitOf(driver)).isEqualTo("exit code 0");
    String log = folder.resolve("log").resolve("driver.log").toString();
    assertThat(driver.lastLines(10)).containsExactly(log, log);
  }

  @Test
  void kill_ends_the_driver_its_children_and_what_they_left_behind() throws Exception {
    sparkSubmit(
        """
        sleep 1000 & child=$!
        orphan=$(setsid bash -c 'sleep 1000 >/dev/null 2>&1 & echo $!')
        env -u JOBSERVER_DRIVER sleep 1000 & unmarked=$!
        ready $child $orphan $unmarked
        wait
        """);
    DriverProcess driver = launch("");
    List<Long> pids = new ArrayList<>();
    for (String pid : awaitReady().split(" ", -1)) {
      pids.add(Long.valueOf(pid));
    }
    assertThat(pids).hasSize(3).allMatch(pid -> ProcessEntry.find(pid).isPresent());
    driver.kill();
    assertThat(driver.isAlive()).isFalse();
    assertThat(pids).allMatch(pid -> ProcessEntry.find(pid).isEmpty());
    assertThat(exitOf(driver)).isEqualTo("signal 9 (SIGKILL)");
    driver.kill();
  }

  @Test
  void kill_ends_what_a_dead_driver_left_behind() throws Exception {
    sparkSubmit("sleep 1000 >/dev/null 2>&1 & echo $!");
    DriverProcess driver = launch("");
    assertThat(exitOf(driver)).isEqualTo("exit code 0");
    long left = Long.parseLong(driver.lastLines(1).get(0));
    assertThat(ProcessEntry.find(left)).isPresent();
    driver.kill();
    assertThat(ProcessEntry.find(left)).isEmpty();
  }

  @Test
  void a_later_server_finds_a_driver_that_runs_and_learns_of_its_end() throws Exception {
    sparkSubmit("echo hello; ready now; exec sleep 1000");
    DriverProcess driver = launch("");
    awaitReady();
    DriverProcess found = launcher.find(driver.reference()).orElseThrow();
    assertThat(found.reference()).isEqualTo(driver.reference());
    assertThat(found.isAlive()).isTrue();
    assertThat(found.exit().toCompletableFuture()).isNotDone();
    assertThat(found.lastLines(5)).containsExactly("hello");
    found.kill();
    assertThat(exitOf(found)).contains("unknown exit code");
    assertThat(exitOf(driver)).isEqualTo("signal 9 (SIGKILL)");
  }

  @Test
  void the_end_of_a_driver_that_ended_meanwhile_is_known_at_once() throws Exception {
    sparkSubmit("exit 0");
    DriverProcess driver = launch("");
    exitOf(driver);
    DriverProcess found = launcher.find(driver.reference()).orElseThrow();
    assertThat(found.isAlive()).isFalse();
    assertThat(found.exit().toCompletableFuture()).isDone();
    assertThat(launcher.find("what is this")).isEmpty();
  }

  @Test
  void a_zombie_is_no_driver_that_runs() throws Exception {
    // Its parent has become a program that never asks for the end of its child.
    sparkSubmit(
        """
        bash -c 'until [ "$(cat /proc/$PPID/comm)" = sleep ]; do :; done' & ready $!
        exec sleep 1000
        """);
    launch("");
    long zombie = Long.parseLong(awaitReady());
    awaitEnd(zombie);
    assertThat(Files.exists(Path.of("/proc", Long.toString(zombie)))).isTrue();
  }

  private static void awaitEnd(long pid) {
    while (ProcessEntry.find(pid).isPresent()) {
      Thread.onSpinWait();
    }
  }

  @Test
  void cluster_deploy_mode_is_refused() {
    assertThatThrownBy(() -> launch("spark.submit.deployMode = cluster"))
        .isInstanceOf(IOException.class)
        .hasMessageContaining("client");
  }

  @Test
  void a_spark_home_without_spark_submit_is_told() {
    assertThatThrownBy(() -> launch(""))
        .isInstanceOf(IOException.class)
        .hasMessageContaining("SPARK_HOME");
  }

  @Test
  void settings_that_make_no_sense_are_told() throws Exception {
    sparkSubmit("exit 0");
    assertThatThrownBy(() -> launch("num-cpu-cores = many"))
        .isInstanceOf(IOException.class)
        .hasMessageContaining("num-cpu-cores")
        .isNotInstanceOf(CompletionException.class);
  }

  @Test
  void a_driver_that_wrote_nothing_has_no_last_lines() throws Exception {
    sparkSubmit("exit 0");
    DriverProcess driver = launch("");
    exitOf(driver);
    assertThat(driver.lastLines(10)).isEmpty();
  }

  @Test
  void only_the_end_of_a_long_log_is_read() throws Exception {
    sparkSubmit("for i in $(seq 1 30000); do echo \"line $i\"; done");
    DriverProcess driver = launch("");
    exitOf(driver);
    assertThat(driver.lastLines(3)).containsExactly("line 29998", "line 29999", "line 30000");
    assertThat(driver.lastLines(100000).size()).isBetween(1000, 29999);
  }
}
