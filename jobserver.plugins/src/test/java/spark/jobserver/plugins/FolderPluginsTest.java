package spark.jobserver.plugins;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static spark.jobserver.plugins.Jars.bundle;
import static spark.jobserver.plugins.Jars.move;
import static spark.jobserver.plugins.Jars.stream;

import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Clock;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.ConcurrentSkipListSet;
import java.util.concurrent.CopyOnWriteArrayList;
import java.util.concurrent.CountDownLatch;
import java.util.function.Predicate;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import spark.jobserver.api.server.ErrorCode;
import spark.jobserver.api.server.JobserverException;
import spark.jobserver.api.server.Plugins.Plugin;
import spark.jobserver.api.server.Plugins.Revision;
import spark.jobserver.api.server.Plugins.State;

class FolderPluginsTest {
  @TempDir Path temporary;
  private Path folder;
  private FakeHost host;
  private FakeCheck check;
  private FolderPlugins plugins;

  @BeforeEach
  void start() throws Exception {
    folder = temporary.resolve("plugins");
    host = new FakeHost();
    check = new FakeCheck();
    begin();
  }

  /** As a server does that is started. */
  private void begin() throws Exception {
    Path kept = temporary.resolve("data");
    plugins =
        new FolderPlugins(
            folder,
            new RevisionStore(kept),
            new KnownGood(check, kept, "this server"),
            host,
            Memory.of(kept.resolve("memory.json")),
            Clock.systemUTC());
    plugins.watch(Duration.ofMillis(5));
  }

  private void restart() throws Exception {
    plugins.close();
    host = new FakeHost();
    begin();
  }

  @AfterEach
  void stop() {
    plugins.close();
  }

  private Plugin until(String name, Predicate<Plugin> wanted) throws InterruptedException {
    long end = System.nanoTime() + Duration.ofSeconds(20).toNanos();
    while (true) {
      Optional<Plugin> plugin = plugins.find(name);
      if (plugin.filter(wanted).isPresent()) {
        return plugin.get();
      }
      assertThat(System.nanoTime()).as("%s", plugins.list()).isLessThan(end);
      Thread.sleep(2);
    }
  }

  private Plugin untilRuns(String name, String version) throws InterruptedException {
    return until(
        name,
        plugin ->
            plugin.state() == State.ACTIVE
                && plugin.running().filter(now -> now.version().equals(version)).isPresent());
  }

  private void untilGone(String name) throws InterruptedException {
    long end = System.nanoTime() + Duration.ofSeconds(20).toNanos();
    while (plugins.find(name).isPresent()) {
      assertThat(System.nanoTime()).as("%s", plugins.list()).isLessThan(end);
      Thread.sleep(2);
    }
  }

  @Test
  void whatIsPutIntoTheFolderRunsAndWhatIsTakenOutIsGone() throws Exception {
    move(bundle("a", "1.0.0"), folder.resolve("some.jar"));
    Plugin plugin = untilRuns("a", "1.0.0");
    assertThat(plugin.file()).isEqualTo("some.jar");
    assertThat(plugin.problems()).isEmpty();
    assertThat(host.running()).containsExactly("a 1.0.0");

    Files.delete(folder.resolve("some.jar"));
    untilGone("a");
    assertThat(host.running()).isEmpty();
  }

  @Test
  void aFileThatIsReplacedIsAnUpdateWithTheNewOneUpBeforeTheOldOneGoes() throws Exception {
    move(bundle("a", "1.0.0"), folder.resolve("a.jar"));
    Plugin old = untilRuns("a", "1.0.0");
    move(bundle("a", "2.0.0"), folder.resolve("a.jar"));
    Plugin now = untilRuns("a", "2.0.0");

    assertThat(now.previous()).isEqualTo(old.running());
    assertThat(host.events).containsExactly("start a 1.0.0", "start a 2.0.0", "remove a 1.0.0");
  }

  @Test
  void revisionsThatBringRoutesAreNotThereTogether() throws Exception {
    check.brings.put("a 1.0.0", List.of("REST /x"));
    check.brings.put("a 2.0.0", List.of("REST /x"));
    plugins.install("a", stream(bundle("a", "1.0.0")));
    plugins.install("a", stream(bundle("a", "2.0.0")));
    assertThat(host.events).containsExactly("start a 1.0.0", "remove a 1.0.0", "start a 2.0.0");

    host.broken.add("a 3.0.0");
    check.brings.put("a 3.0.0", List.of("REST /x"));
    assertRefused(() -> plugins.install("a", stream(bundle("a", "3.0.0"))), "a 3.0.0 is broken");
    assertThat(host.running()).containsExactly("a 2.0.0");
  }

  @Test
  void aRollBackHoldsUntilTheFileChanges() throws Exception {
    move(bundle("a", "1.0.0"), folder.resolve("a.jar"));
    untilRuns("a", "1.0.0");
    move(bundle("a", "2.0.0"), folder.resolve("a.jar"));
    untilRuns("a", "2.0.0");

    Plugin back = plugins.rollBack("a");
    assertThat(back.running()).map(Revision::version).contains("1.0.0");
    assertThat(back.rolledBack()).isTrue();
    restart();
    assertThat(untilRuns("a", "1.0.0").rolledBack()).isTrue();
    assertThat(host.events).containsExactly("start a 1.0.0");

    assertThat(plugins.rollBack("a").rolledBack()).isFalse();
    assertThat(host.running()).containsExactly("a 2.0.0");
    plugins.rollBack("a");
    move(bundle("a", "3.0.0"), folder.resolve("a.jar"));
    Plugin newest = untilRuns("a", "3.0.0");
    assertThat(newest.rolledBack()).isFalse();
    assertThat(newest.previous()).map(Revision::version).contains("1.0.0");
  }

  @Test
  void withoutAPreviousRevisionThereIsNoWayBack() throws Exception {
    plugins.install("a", stream(bundle("a", "1.0.0")));
    assertRefused(() -> plugins.rollBack("a"), "a has no previous revision.");
    assertThatThrownBy(() -> plugins.rollBack("b"))
        .isInstanceOfSatisfying(
            JobserverException.class,
            e -> assertThat(e.code()).isEqualTo(ErrorCode.PLUGIN_NOT_FOUND));
  }

  @Test
  void whatFailsItsCheckIsToldAndWhatRanRuns() throws Exception {
    move(bundle("a", "1.0.0"), folder.resolve("a.jar"));
    untilRuns("a", "1.0.0");
    check.problems.put("a 2.0.0", List.of("It throws.", "It leaks."));
    move(bundle("a", "2.0.0"), folder.resolve("a.jar"));

    Plugin plugin = until("a", one -> !one.problems().isEmpty());
    assertThat(plugin.state()).isEqualTo(State.ACTIVE);
    assertThat(plugin.running()).map(Revision::version).contains("1.0.0");
    assertThat(plugin.problems()).containsExactly("It throws.", "It leaks.");
    assertThat(host.events).containsExactly("start a 1.0.0");

    restart();
    plugin = until("a", one -> one.running().isPresent());
    assertThat(plugin.running()).map(Revision::version).contains("1.0.0");
    assertThat(plugin.problems()).containsExactly("It throws.", "It leaks.");
  }

  @Test
  void aFileThatIsNoBundleIsToldByItsName() throws Exception {
    Files.createDirectories(folder);
    Files.write(folder.resolve("empty.jar"), new byte[0]);
    Files.writeString(folder.resolve("text.jar"), "no zip");
    byte[] whole = bundle("a", "1.0.0");
    Files.write(folder.resolve("half.jar"), java.util.Arrays.copyOf(whole, whole.length / 2));
    move(Jars.jar(Map.of()), folder.resolve("plain.jar"));

    assertProblem("empty.jar", "The file is empty.");
    assertProblem("text.jar", "The file is no jar, or only a part of one");
    assertProblem("half.jar", "The file is no jar, or only a part of one");
    assertProblem("plain.jar", "lacks Bundle-SymbolicName");
    Files.write(folder.resolve("half.jar"), whole);
    untilRuns("a", "1.0.0");
    assertThat(plugins.find("half.jar")).isEmpty();
  }

  private void assertProblem(String name, String words) throws InterruptedException {
    Plugin plugin = until(name, one -> one.state() == State.FAILED);
    assertThat(plugin.problems()).singleElement().asString().contains(words);
  }

  @Test
  void aFileThatBreaksWhileItsPluginRunsDoesNotEndIt() throws Exception {
    move(bundle("a", "1.0.0"), folder.resolve("a.jar"));
    untilRuns("a", "1.0.0");
    move(new byte[0], folder.resolve("a.jar"));
    Plugin plugin = until("a", one -> !one.problems().isEmpty());
    assertThat(plugin.state()).isEqualTo(State.ACTIVE);
    assertThat(plugins.list()).hasSize(1);
    assertThat(host.running()).containsExactly("a 1.0.0");

    plugins.remove("a");
    assertThat(plugins.list()).isEmpty();
    assertThat(folder.resolve("a.jar")).doesNotExist();
    assertThat(host.running()).isEmpty();
  }

  @Test
  void aSecondFileWithTheSameNameWaitsForTheFirstToGo() throws Exception {
    move(bundle("a", "1.0.0"), folder.resolve("old.jar"));
    untilRuns("a", "1.0.0");
    move(bundle("a", "2.0.0"), folder.resolve("new.jar"));
    assertProblem("new.jar", "old.jar brings a already. Remove one of the two files.");
    assertThat(host.running()).containsExactly("a 1.0.0");

    Files.delete(folder.resolve("old.jar"));
    untilRuns("a", "2.0.0");
    assertThat(host.events).containsExactly("start a 1.0.0", "start a 2.0.0", "remove a 1.0.0");
  }

  @Test
  void onlyOneOfTwoPluginsMayBringAFactoryOfOneName() throws Exception {
    check.brings.put("a 1.0.0", List.of("ContextFactory x.Factory"));
    check.brings.put("b 1.0.0", List.of("ContextFactory x.Factory"));
    plugins.install("a", stream(bundle("a", "1.0.0")));
    assertRefused(
        () -> plugins.install("b", stream(bundle("b", "1.0.0"))),
        "It brings ContextFactory x.Factory, which the plugin a brings already.");
    move(bundle("b", "1.0.0"), folder.resolve("b.jar"));
    assertProblem("b", "which the plugin a brings already");
  }

  @Test
  void whatImportsFromAnotherPluginRunsWhenThatOneHasCome() throws Exception {
    check.needs.put("a 1.0.0", "b");
    move(bundle("a", "1.0.0"), folder.resolve("a.jar"));
    assertProblem("a", "needs b");
    move(bundle("b", "1.0.0"), folder.resolve("b.jar"));
    untilRuns("a", "1.0.0");
  }

  @Test
  void whatIsInstalledIsInTheFolderWhenThatIsSaid() throws Exception {
    byte[] bytes = bundle("a.b", "1.0.0");
    Plugin plugin = plugins.install("a.b", stream(bytes));
    assertThat(plugin.file()).isEqualTo("a.b.jar");
    assertThat(plugin.state()).isEqualTo(State.ACTIVE);
    assertThat(folder.resolve("a.b.jar")).hasBinaryContent(bytes);
    assertThat(host.running()).containsExactly("a.b 1.0.0");
    restart();
    untilRuns("a.b", "1.0.0");

    assertRefused(
        () -> plugins.install("other", stream(bytes)),
        "The bundle's symbolic name is a.b, not other.");
    plugins.remove("a.b");
    assertThat(folder.resolve("a.b.jar")).doesNotExist();
    assertThat(plugins.list()).isEmpty();
  }

  @Test
  void aBundleThatIsRefusedChangesNothing() throws Exception {
    plugins.install("a", stream(bundle("a", "1.0.0")));
    check.problems.put("a 2.0.0", List.of("It throws."));
    assertRefused(() -> plugins.install("a", stream(bundle("a", "2.0.0"))), "It throws.");
    host.broken.add("a 3.0.0");
    assertRefused(() -> plugins.install("a", stream(bundle("a", "3.0.0"))), "a 3.0.0 is broken");
    assertRefused(() -> plugins.install("", stream(new byte[0])), "The file is empty.");

    assertThat(plugins.find("a").orElseThrow().running().map(Revision::version)).contains("1.0.0");
    assertThat(folder.resolve("a.jar")).hasBinaryContent(bundle("a", "1.0.0"));
    assertThat(host.running()).containsExactly("a 1.0.0");
  }

  @Test
  void whereTheFileCannotBeWrittenWhatRanRuns() throws Exception {
    plugins.install("a", stream(bundle("a", "1.0.0")));
    // Where it would be written first is a folder that is not empty.
    Path taken = folder.resolve(".a.jar.part");
    Files.createDirectories(taken.resolve("not empty"));
    assertThatThrownBy(() -> plugins.install("a", stream(bundle("a", "2.0.0"))))
        .isInstanceOfSatisfying(
            JobserverException.class, e -> assertThat(e.code()).isEqualTo(ErrorCode.STORAGE));
    assertThat(host.running()).containsExactly("a 1.0.0");
    assertThat(plugins.find("a").orElseThrow().running().map(Revision::version)).contains("1.0.0");
  }

  @Test
  void whereNothingCanBeRememberedAPluginRunsAllTheSame() throws Exception {
    Files.createDirectories(temporary.resolve("data/memory.json.part/not empty"));
    move(bundle("a", "1.0.0"), folder.resolve("a.jar"));
    untilRuns("a", "1.0.0");
  }

  @Test
  void aCheckTellsWhatItFindsAndStartsNothing() throws Exception {
    check.brings.put("a 1.0.0", List.of("REST /x"));
    check.problems.put("b 1.0.0", List.of("It throws."));
    assertThat(plugins.check(stream(bundle("a", "1.0.0"))).brings()).containsExactly("REST /x");
    assertThat(plugins.check(stream(bundle("b", "1.0.0"))).problems())
        .containsExactly("It throws.");
    assertThat(plugins.check(stream(new byte[0])).problems()).containsExactly("The file is empty.");
    assertThat(plugins.list()).isEmpty();
    assertThat(host.events).isEmpty();
  }

  @Test
  void whatHasPassedIsNotCheckedAgainAtTheNextStart() throws Exception {
    move(bundle("a", "1.0.0"), folder.resolve("a.jar"));
    untilRuns("a", "1.0.0");
    check.problems.put("a 1.0.0", List.of("It is checked again."));
    restart();
    untilRuns("a", "1.0.0");
  }

  @Test
  void aFileThatWentWhileTheServerWasDownIsForgotten() throws Exception {
    move(bundle("a", "1.0.0"), folder.resolve("a.jar"));
    untilRuns("a", "1.0.0");
    plugins.close();
    Files.delete(folder.resolve("a.jar"));
    restart();
    move(bundle("b", "1.0.0"), folder.resolve("b.jar"));
    untilRuns("b", "1.0.0");
    assertThat(plugins.find("a")).isEmpty();
    assertThat(host.events).containsExactly("start b 1.0.0");
  }

  @Test
  void aLongCheckHoldsUpNoOtherPlugin() throws Exception {
    CountDownLatch through = new CountDownLatch(1);
    check.slow.put("slow 1.0.0", through);
    move(bundle("slow", "1.0.0"), folder.resolve("slow.jar"));
    until("slow", one -> one.state() == State.CHECKING);
    move(bundle("quick", "1.0.0"), folder.resolve("quick.jar"));
    untilRuns("quick", "1.0.0");
    assertThat(plugins.find("slow").orElseThrow().state()).isEqualTo(State.CHECKING);
    through.countDown();
    untilRuns("slow", "1.0.0");
  }

  private interface Call {
    void run() throws Exception;
  }

  private static void assertRefused(Call call, String words) {
    assertThatThrownBy(call::run)
        .isInstanceOfSatisfying(
            JobserverException.class, e -> assertThat(e.code()).isEqualTo(ErrorCode.PLUGIN_REFUSED))
        .hasMessage(words);
  }

  private static String key(Path jar) {
    try {
      PluginJar about = PluginJar.read(jar);
      return about.name() + " " + about.version();
    } catch (PluginJar.NoBundle e) {
      throw new IllegalStateException(e);
    }
  }

  /** Says of a bundle what it was told to say. */
  private static final class FakeCheck implements Check {
    private final Map<String, List<String>> brings = new ConcurrentHashMap<>();
    private final Map<String, List<String>> problems = new ConcurrentHashMap<>();
    private final Map<String, String> needs = new ConcurrentHashMap<>();
    private final Map<String, CountDownLatch> slow = new ConcurrentHashMap<>();

    @Override
    public Verdict check(Path jar, List<Path> beside) throws InterruptedException {
      String key = key(jar);
      if (slow.containsKey(key)) {
        slow.get(key).await();
      }
      String needed = needs.get(key);
      if (needed != null
          && beside.stream().noneMatch(other -> key(other).startsWith(needed + " "))) {
        return new Verdict(List.of(), List.of("It needs " + needed + "."), true);
      }
      return new Verdict(
          brings.getOrDefault(key, List.of()), problems.getOrDefault(key, List.of()), false);
    }
  }

  /** Runs everything but what is broken. */
  private static final class FakeHost implements Host {
    private final List<String> events = new CopyOnWriteArrayList<>();
    private final ConcurrentSkipListSet<String> broken = new ConcurrentSkipListSet<>();
    private final List<String> now = new ArrayList<>();

    synchronized List<String> running() {
      return List.copyOf(now);
    }

    @Override
    public synchronized Started start(Path jar) throws CannotStart {
      String key = key(jar);
      if (broken.contains(key)) {
        throw new CannotStart(key + " is broken", false);
      }
      events.add("start " + key);
      now.add(key);
      return new Started() {
        @Override
        public void startAgain() {
          throw new IllegalStateException(key + " runs");
        }

        @Override
        public void remove() {
          synchronized (FakeHost.this) {
            events.add("remove " + key);
            now.remove(key);
          }
        }

        @Override
        public boolean runs() {
          return true;
        }
      };
    }
  }
}
