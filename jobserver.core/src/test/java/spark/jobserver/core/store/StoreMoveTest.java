package spark.jobserver.core.store;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.io.IOException;
import java.io.InputStream;
import java.nio.file.Path;
import java.time.Instant;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import spark.jobserver.api.Binary;
import spark.jobserver.api.BinaryType;
import spark.jobserver.api.Content;
import spark.jobserver.api.Context;
import spark.jobserver.api.ContextState;
import spark.jobserver.api.Failure;
import spark.jobserver.api.Job;
import spark.jobserver.api.JobFilter;
import spark.jobserver.api.JobState;
import spark.jobserver.api.dao.BinaryVersion;
import spark.jobserver.api.dao.DriverRecord;
import spark.jobserver.api.dao.JobInput;
import spark.jobserver.api.dao.RequestKey;
import spark.jobserver.core.MemoryDao;

class StoreMoveTest {
  private static final Instant TIME = Instant.parse("2026-01-02T03:04:05.678Z");
  private static final int MANY = 250; // more than two pages

  @TempDir private Path folder;
  private final MemoryDao from = new MemoryDao();
  private final MemoryDao to = new MemoryDao();
  private final Binary egg = binary("egg", "1");
  private final Binary newer = binary("egg", "2");
  private int checks;
  private int endsAfter = Integer.MAX_VALUE;

  private static Binary binary(String name, String digit) {
    return new Binary(name, BinaryType.EGG, TIME, digit.repeat(64), 3);
  }

  @BeforeEach
  void fill() {
    from.insertBinary(egg, Content.of(new byte[] {1, 2, 3}), "ada");
    from.insertBinary(newer, Content.of(new byte[] {4, 5, 6}), "");
    for (int i = 0; i < MANY; i++) {
      Context context =
          Context.started("c" + i, "n" + i % 3, "f", "{}", TIME.plusMillis(i), "b", "ada");
      boolean runs = i == MANY - 1;
      from.insertContext(
          runs
              ? context
              : context.ended(ContextState.ERROR, TIME, Optional.of(Failure.of("why\0"))));
      from.saveDriver(new DriverRecord("c" + i, i, "p", "t", "k"));
      job(i, i < 2 ? JobState.RUNNING : JobState.FINISHED);
    }
  }

  private void job(int i, JobState state) {
    Job job =
        new Job(
            "j" + i,
            "c" + i,
            "n",
            1,
            binary("gone", "3"),
            "m.C",
            TIME.plusMillis(i / 4),
            state.isFinal() ? Optional.of(TIME) : Optional.empty(),
            state,
            Optional.empty(),
            "");
    JobInput input =
        new JobInput(
            "{\"i\":" + i + "}",
            i % 2 == 0 ? List.of(egg) : List.of(),
            i % 5 == 0 ? Optional.of("http://h/" + i) : Optional.empty(),
            i % 7 == 0 ? Optional.of(new RequestKey("ada", "k" + i, "r")) : Optional.empty());
    Optional<Content> result =
        state.isFinal() ? Optional.of(Content.of(new byte[] {(byte) i})) : Optional.empty();
    from.restoreJob(job, input, result, i == 1);
  }

  private Path file() {
    return folder.resolve("store");
  }

  private void move(StoreNote note) throws IOException {
    StoreMove move =
        new StoreMove(
            file(),
            () -> {
              if (++checks > endsAfter) {
                throw new IOException("the test ends it");
              }
            });
    move.run(Optional.ofNullable(note), "a", from, "b", to);
  }

  private Inventory inventory(MemoryDao dao) throws IOException {
    return Inventory.of(new StoreReader(dao), () -> {});
  }

  private StoreNote noted() throws IOException {
    return StoreNote.read(file()).orElseThrow();
  }

  @Test
  void everythingIsInTheOtherStore() throws IOException {
    move(StoreNote.of("a"));

    assertThat(noted())
        .isEqualTo(new StoreNote("b", Map.of("a", inventory(from).digest()), Set.of()));
    assertThat(inventory(to)).isEqualTo(inventory(from));
    assertThat(inventory(to).jobs()).isEqualTo(MANY);
    assertThat(inventory(to).contexts()).isEqualTo(MANY);
    assertThat(inventory(to).bytes()).isEqualTo(6L + MANY - 2);
    assertThat(to.binaryVersions("egg"))
        .containsExactly(new BinaryVersion(egg, "ada"), new BinaryVersion(newer, ""));
    assertThat(to.contexts(Optional.empty(), MANY))
        .isEqualTo(from.contexts(Optional.empty(), MANY));
    assertThat(to.jobs(JobFilter.ALL, MANY)).isEqualTo(from.jobs(JobFilter.ALL, MANY));
    assertThat(to.killWishes()).containsExactly("j1");
    assertThat(to.driver("c7")).isEqualTo(from.driver("c7"));
    assertThat(to.callback("j5")).contains("http://h/5");
    assertThat(to.jobDependencies("j6")).containsExactly(egg);
    assertThat(to.jobConfig("j9")).contains("{\"i\":9}");
    assertThat(to.keyUsed("ada", "k14")).isPresent();
    try (InputStream result = to.result("j9").orElseThrow().open()) {
      assertThat(result.readAllBytes()).containsExactly(9);
    }
  }

  @Test
  void aStoreThatHoldsSomethingElseIsRefused() throws IOException {
    to.insertBinary(binary("other", "4"), Content.of(new byte[3]), "");

    assertThatThrownBy(() -> move(StoreNote.of("a")))
        .hasMessage(
            "there are data in b that this server has not left there: empty it, and all is copied");
    assertThat(file()).doesNotExist();
    assertThat(to.latestBinaries()).hasSize(1);
  }

  @Test
  void whatAnEndedCopyHasLeftIsRemoved() throws IOException {
    endsAfter = 100;
    assertThatThrownBy(() -> move(StoreNote.of("a"))).hasMessage("the test ends it");
    assertThat(noted()).isEqualTo(new StoreNote("a", Map.of(), Set.of("b")));
    assertThat(inventory(to)).isNotEqualTo(inventory(from));
    assertThat(new StoreReader(to).isEmpty()).isFalse();

    endsAfter = Integer.MAX_VALUE;
    move(noted());
    assertThat(noted().store()).isEqualTo("b");
    assertThat(inventory(to)).isEqualTo(inventory(from));
  }

  @Test
  void aStoreThatWasLeftIsFilledAnewUnlessItHasChangedSince() throws IOException {
    to.insertBinary(binary("old", "4"), Content.of(new byte[3]), "");
    StoreNote note = new StoreNote("a", Map.of("b", inventory(to).digest()), Set.of());
    to.insertBinary(binary("someone's", "5"), Content.of(new byte[3]), "");
    assertThatThrownBy(() -> move(note)).hasMessageContaining("has not left there");

    to.deleteBinary("someone's");
    move(note);
    assertThat(inventory(to)).isEqualTo(inventory(from));
    assertThat(noted().left()).containsOnlyKeys("a");
  }

  @Test
  void aCopyThatIsNotTheSameIsNotUsed() throws IOException {
    MemoryDao forgetful =
        new MemoryDao() {
          @Override
          public synchronized void saveDriver(DriverRecord driver) {
            super.saveDriver(
                driver.contextId().equals("c3") ? new DriverRecord("c3", 3, "p", "t", "") : driver);
          }
        };
    StoreMove move = new StoreMove(file(), () -> {});
    assertThatThrownBy(() -> move.run(Optional.of(StoreNote.of("a")), "a", from, "b", forgetful))
        .hasMessageStartingWith(
            "the copy is not the same: a holds 2 versions of binaries, 250 contexts, 250 jobs");
    assertThat(noted().store()).isEqualTo("a");
  }

  @Test
  void atTheFirstStartThereIsNothingToMove() throws IOException {
    from.removeAll();
    to.insertBinary(egg, Content.of(new byte[3]), "");

    move(null);

    assertThat(noted()).isEqualTo(StoreNote.of("b"));
    assertThat(to.latestBinaries()).containsExactly(egg);
  }

  @Test
  void aFolderWithoutANoteMayHaveData() throws IOException {
    move(null);

    assertThat(noted().left()).containsOnlyKeys("a");
    assertThat(inventory(to)).isEqualTo(inventory(from));
  }
}
