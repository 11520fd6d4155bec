package spark.jobserver.core.spare;

import static org.assertj.core.api.Assertions.assertThat;

import com.typesafe.config.Config;
import com.typesafe.config.ConfigFactory;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.time.Instant;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.concurrent.CompletableFuture;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import spark.jobserver.api.Context;
import spark.jobserver.api.driver.DriverProcess;
import spark.jobserver.api.driver.DriverSpec;
import spark.jobserver.core.DataFolder;
import spark.jobserver.core.FakeProcess;
import spark.jobserver.core.MemoryDao;
import spark.jobserver.core.plugin.BundleFile;
import spark.jobserver.core.plugin.FactoryRevision;
import spark.jobserver.link.SpareFile;
import spark.jobserver.link.Wire;

class SpareDriversTest {
  private static final FactoryRevision FACTORY =
      new FactoryRevision("F", List.of(new BundleFile("f", "1", "d1")), true);
  private static final FactoryRevision UPDATED =
      new FactoryRevision("F", List.of(new BundleFile("f", "1", "d2")), true);
  private static final Config OWN = ConfigFactory.parseString("context-factory = F, own = 1");
  private static final Config ANY = ConfigFactory.empty();

  @TempDir Path folder;

  private final SpareLauncher launcher = new SpareLauncher();
  private final List<SpareDrivers> made = new ArrayList<>();
  private Optional<FactoryRevision> factory = Optional.of(FACTORY);

  private SpareDrivers spares(int wanted) {
    return spares(wanted, Duration.ZERO);
  }

  private SpareDrivers spares(int wanted, Duration quiet) {
    SpareDrivers spares =
        new SpareDrivers(new DataFolder(folder), OWN, wanted, quiet, launcher, name -> factory);
    made.add(spares);
    return spares;
  }

  @AfterEach
  void close() {
    made.forEach(SpareDrivers::close);
  }

  /** With one spare that is ready. */
  private SpareDrivers ready() {
    SpareDrivers spares = spares(1);
    spares.look();
    launcher.last().getReady();
    return spares;
  }

  @Test
  void a_spare_is_told_the_servers_own_settings_and_factory() throws IOException {
    spares(1).look();
    DriverSpec spec = launcher.last().spec;
    SpareFile order =
        Wire.read(Files.readAllBytes(spec.folder().resolve("spare.json")), SpareFile.class);
    assertThat(order.factory()).isEqualTo("F");
    assertThat(order.bundles()).hasSize(1);
    assertThat(order.settings()).contains("own");
    assertThat(order.serverPid()).isEqualTo(ProcessHandle.current().pid());
    assertThat(order.training()).isFalse();
    assertThat(spec.folder()).isEqualTo(folder.resolve("contexts").resolve(spec.contextId()));
    assertThat(spec.enrolment()).doesNotExist();
  }

  @Test
  void as_many_are_started_as_are_wanted_one_after_the_other() {
    SpareDrivers spares = spares(2);
    spares.look();
    spares.look();
    assertThat(launcher.started).hasSize(1);
    launcher.last().getReady();
    spares.look();
    launcher.last().getReady();
    spares.look();
    assertThat(launcher.started).hasSize(2);
  }

  @Test
  void none_is_started_where_none_is_wanted_or_the_factory_does_not_allow_it() {
    spares(0).look();
    factory = Optional.of(new FactoryRevision("F", FACTORY.bundles(), false));
    spares(1).look();
    factory = Optional.empty();
    spares(1).look();
    assertThat(launcher.started).isEmpty();
  }

  @Test
  void a_spare_that_is_ready_is_taken_once_and_replaced() {
    SpareDrivers spares = ready();
    Spare taken = spares.take(FACTORY, ANY).orElseThrow();
    assertThat(taken.driver()).isSameAs(launcher.started.get(0));
    assertThat(spares.take(FACTORY, ANY)).isEmpty();
    spares.look();
    assertThat(launcher.started).hasSize(2);
  }

  @Test
  void one_that_is_not_ready_or_does_not_suit_is_not_taken() {
    SpareDrivers spares = spares(1);
    spares.look();
    assertThat(spares.take(FACTORY, ANY)).isEmpty();
    launcher.last().getReady();
    assertThat(spares.take(UPDATED, ANY)).isEmpty();
    launcher.last().suits = false;
    assertThat(spares.take(FACTORY, ANY)).isEmpty();
    launcher.last().suits = true;
    assertThat(spares.take(FACTORY, ANY)).isPresent();
  }

  @Test
  void one_whose_context_came_to_nothing_is_taken_back() {
    SpareDrivers spares = ready();
    spares.giveBack(spares.take(FACTORY, ANY).orElseThrow());
    assertThat(spares.take(FACTORY, ANY)).isPresent();
  }

  @Test
  void its_context_is_assigned_to_it() throws IOException {
    SpareDrivers spares = ready();
    Spare taken = spares.take(FACTORY, ANY).orElseThrow();
    DriverProcess driver = spares.start(taken, launcher.last().spec);
    assertThat(driver.reference()).isEqualTo("assigned " + taken.driver().contextId());
  }

  @Test
  void one_that_has_died_since_it_was_taken_is_replaced_by_a_cold_start() throws IOException {
    SpareDrivers spares = ready();
    Spare taken = spares.take(FACTORY, ANY).orElseThrow();
    DriverSpec spec = launcher.last().spec;
    launcher.last().end("signal 9");
    assertThat(spares.start(taken, spec).reference()).isEqualTo("cold " + spec.contextId());
    assertThat(spec.folder().resolve("spare.json")).doesNotExist();
  }

  @Test
  void none_is_started_while_a_context_starts() {
    SpareDrivers spares = spares(1);
    CompletableFuture<Void> context = new CompletableFuture<>();
    spares.yieldTo(context);
    spares.look();
    assertThat(launcher.started).isEmpty();
    context.completeExceptionally(new IllegalStateException("it failed"));
    spares.look();
    assertThat(launcher.started).hasSize(1);
  }

  @Test
  void none_is_started_for_a_while_afterwards() {
    SpareDrivers spares = spares(1, Duration.ofHours(1));
    spares.yieldTo(CompletableFuture.completedFuture(null));
    spares.look();
    assertThat(launcher.started).isEmpty();
  }

  @Test
  void one_that_has_died_is_replaced_and_its_folder_removed() {
    SpareDrivers spares = ready();
    launcher.last().end("signal 9");
    spares.look();
    assertThat(launcher.started).hasSize(2);
    assertThat(launcher.started.get(0).spec.folder()).doesNotExist();
  }

  @Test
  void one_of_a_factory_that_was_updated_is_ended_and_replaced() {
    SpareDrivers spares = ready();
    factory = Optional.of(UPDATED);
    spares.look();
    assertThat(launcher.started.get(0).exit().toCompletableFuture()).isDone();
    assertThat(launcher.started).hasSize(2);
    assertThat(launcher.started.get(0).spec.folder()).doesNotExist();
  }

  @Test
  void after_three_that_did_not_get_ready_no_more_are_started() {
    SpareDrivers spares = spares(1);
    for (int i = 0; i < 5; i++) {
      spares.look();
      launcher.last().end("exit code 1");
    }
    assertThat(launcher.started).hasSize(3);
  }

  @Test
  void a_launcher_that_keeps_no_spares_is_asked_once() throws IOException {
    launcher.keepsNone = true;
    SpareDrivers spares = spares(1);
    spares.look();
    spares.look();
    assertThat(launcher.asked).isEqualTo(1);
    assertThat(folder.resolve("contexts")).isEmptyDirectory();
  }

  @Test
  void a_driver_is_trained_first_where_that_is_of_use() throws IOException {
    launcher.untrained = true;
    SpareDrivers spares = spares(1);
    spares.look();
    assertThat(launcher.started).isEmpty();
    SpareLauncher.FakeSpare trained = launcher.trained.get(0);
    SpareFile order =
        Wire.read(Files.readAllBytes(trained.spec.folder().resolve("spare.json")), SpareFile.class);
    assertThat(order.training()).isTrue();
    spares.look();
    assertThat(launcher.started).isEmpty();

    launcher.untrained = false;
    trained.end("exit code 0");
    assertThat(trained.spec.folder()).doesNotExist();
    spares.look();
    assertThat(launcher.started).hasSize(1);
  }

  @Test
  void training_that_is_of_no_use_is_given_up() {
    launcher.untrained = true;
    SpareDrivers spares = spares(1);
    for (int i = 0; i < 5; i++) {
      spares.look();
      launcher.trained.get(launcher.trained.size() - 1).end("exit code 1");
    }
    assertThat(launcher.trained).hasSize(3);
  }

  @Test
  void one_that_gets_ready_ends_the_caution() {
    SpareDrivers spares = spares(1);
    for (int i = 0; i < 2; i++) {
      spares.look();
      launcher.last().end("exit code 1");
    }
    spares.look();
    launcher.last().getReady();
    assertThat(spares.take(FACTORY, ANY)).isPresent();
    for (int i = 0; i < 5; i++) {
      spares.look();
      launcher.last().end("exit code 1");
    }
    assertThat(launcher.started).hasSize(6);
  }

  @Test
  void one_that_is_started_while_the_server_stops_ends() {
    SpareDrivers spares = spares(1);
    launcher.meanwhile = spares::close;
    spares.look();
    assertThat(launcher.last().exit().toCompletableFuture()).isDone();
    assertThat(launcher.last().spec.folder()).doesNotExist();
  }

  @Test
  void so_does_a_training() {
    launcher.untrained = true;
    SpareDrivers spares = spares(1);
    launcher.meanwhile = spares::close;
    spares.look();
    assertThat(launcher.trained.get(0).exit().toCompletableFuture()).isDone();
    assertThat(launcher.trained.get(0).spec.folder()).doesNotExist();
  }

  @Test
  void those_that_nobody_has_taken_end_with_the_server() {
    SpareDrivers spares = ready();
    spares.close();
    assertThat(launcher.last().exit().toCompletableFuture()).isDone();
    assertThat(launcher.last().spec.folder()).doesNotExist();
  }

  @Test
  void what_a_killed_server_has_left_is_removed_but_not_what_has_become_a_context()
      throws IOException {
    SpareDrivers killed = ready();
    DriverSpec left = launcher.last().spec;
    Spare taken = killed.take(FACTORY, ANY).orElseThrow();
    killed.look();
    launcher.last().getReady();
    DriverSpec spare = launcher.last().spec;
    Path other = Files.createDirectories(folder.resolve("contexts").resolve("other"));

    MemoryDao dao = new MemoryDao();
    dao.insertContext(
        Context.started(taken.driver().contextId(), "c", "F", "{}", Instant.EPOCH, "", ""));
    spares(0).removeLeftOvers(dao);
    assertThat(spare.folder()).doesNotExist();
    assertThat(launcher.found)
        .extracting(FakeProcess::reference)
        .containsExactly("spare " + spare.contextId());
    assertThat(launcher.found).noneMatch(FakeProcess::isAlive);
    assertThat(left.folder()).exists();
    assertThat(other).exists();
  }
}
