package spark.jobserver.plugins;

import java.io.IOException;
import java.io.InputStream;
import java.nio.channels.FileChannel;
import java.nio.file.Files;
import java.nio.file.NoSuchFileException;
import java.nio.file.Path;
import java.nio.file.StandardCopyOption;
import java.nio.file.StandardOpenOption;
import java.time.Clock;
import java.time.Duration;
import java.time.Instant;
import java.util.Comparator;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.TreeMap;
import java.util.concurrent.Callable;
import java.util.concurrent.CancellationException;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;
import java.util.concurrent.RejectedExecutionException;
import java.util.concurrent.ScheduledExecutorService;
import java.util.concurrent.TimeUnit;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;
import spark.jobserver.api.FullDisk;
import spark.jobserver.api.server.ErrorCode;
import spark.jobserver.api.server.JobserverException;
import spark.jobserver.api.server.Plugins;

/**
 * The plugins of a folder. One thread changes them: it looks at the folder, and does what callers
 * ask for; checks go on beside it, two at a time. What callers see is a list that it publishes.
 *
 * <p>Files and plugins are two things. A file may be broken, or bring a bundle that another file
 * brings already; a plugin is what runs under a symbolic name, and goes on when its file is
 * replaced by one that cannot be used.
 */
final class FolderPlugins implements Plugins, AutoCloseable {
  private static final Logger LOG = LoggerFactory.getLogger(FolderPlugins.class);

  /** What only one plugin may bring under a name. */
  private static final List<String> SINGLE = List.of("ContextFactory ", "JobDao ");

  /**
   * What two revisions cannot bring at the same time: a route that is there twice is an error, and
   * a store has its data for itself.
   */
  private static final List<String> ALONE = List.of("REST ", "JobDao ");

  private static final int CHECKS = 2;

  /** Longer than a check and a start take together. */
  private static final Duration LATELY = Duration.ofMinutes(1);

  private final Path folder;
  private final FolderLook look;
  private final RevisionStore store;
  private final KnownGood check;
  private final Host host;
  private final Memory memory;
  private final Clock clock;
  private final ScheduledExecutorService worker;
  private final ExecutorService checks;

  private final Map<String, Entry> files = new TreeMap<>();
  private final Map<String, Live> running = new TreeMap<>();
  private volatile List<Plugin> published = List.of();

  /** Whether the last look has failed: that is said once. For the worker. */
  private boolean failing;

  /** A file of the folder. For the worker. */
  private static final class Entry {
    private final String file;
    private FolderLook.Stamp stamp;
    private String digest = "";
    private Optional<PluginJar> jar = Optional.empty();
    private State state = State.CHECKING;
    private List<String> problems = List.of();
    private boolean unresolved;

    /** The digest that its state is about: it is checked, has failed, or runs. */
    private String about = "";

    private Instant since;

    Entry(String file, Instant since) {
      this.file = file;
      this.since = since;
    }

    private String name() {
      return jar.map(PluginJar::name).orElse(file);
    }
  }

  /**
   * What runs under a name. For the worker.
   *
   * @param file the name of the file that it is from
   */
  private record Live(
      String file, Revision revision, Host.Started bundle, List<String> brings, Instant since) {}

  /**
   * Makes what {@link #watch} begins.
   *
   * @param folder the operator's folder
   * @param check asked before anything is started
   */
  FolderPlugins(
      Path folder, RevisionStore store, KnownGood check, Host host, Memory memory, Clock clock) {
    this.folder = folder;
    this.look = new FolderLook(folder);
    this.store = store;
    this.check = check;
    this.host = host;
    this.memory = memory;
    this.clock = clock;
    this.worker = Executors.newSingleThreadScheduledExecutor(work -> daemon(work, "plugins"));
    this.checks = Executors.newFixedThreadPool(CHECKS, work -> daemon(work, "plugin-check"));
  }

  private static Thread daemon(Runnable work, String name) {
    Thread thread = new Thread(work, name);
    thread.setDaemon(true);
    return thread;
  }

  /** Looks at the folder from now on, and then after each pause. */
  void watch(Duration pause) {
    worker.scheduleWithFixedDelay(this::lookSafely, 0, pause.toMillis(), TimeUnit.MILLISECONDS);
  }

  private void lookSafely() {
    try {
      lookOnce();
      failing = false;
    } catch (IOException | RuntimeException e) {
      if (!failing) {
        LOG.error("the folder for plugins, {}, cannot be followed", folder, e);
      }
      failing = true;
    }
  }

  // What callers ask for: on their threads

  @Override
  public List<Plugin> list() {
    return published;
  }

  @Override
  public Optional<Plugin> find(String name) {
    return published.stream().filter(plugin -> plugin.name().equals(name)).findFirst();
  }

  private String kept(InputStream jar) throws IOException {
    try {
      return store.keep(jar);
    } catch (IOException e) {
      if (FullDisk.isToldBy(e)) {
        throw noRoom(e);
      }
      throw e;
    }
  }

  private static JobserverException noRoom(Throwable why) {
    return new JobserverException(
        ErrorCode.NO_ROOM, "There is no room on the server's disk for the plugin.", why);
  }

  @Override
  public Report check(InputStream jar) throws IOException {
    String digest = kept(jar);
    try {
      PluginJar about = PluginJar.read(store.path(digest));
      Verdict verdict = checked(about.name(), digest);
      return new Report(
          about.name(),
          new Revision(about.version(), digest),
          verdict.brings(),
          verdict.problems());
    } catch (PluginJar.NoBundle e) {
      return new Report("", new Revision("", digest), List.of(), List.of(e.getMessage()));
    } finally {
      change(() -> tidied());
    }
  }

  @Override
  public Plugin install(String name, InputStream jar) throws IOException {
    String digest = kept(jar);
    try {
      PluginJar about = PluginJar.read(store.path(digest));
      if (!name.isEmpty() && !name.equals(about.name())) {
        throw new PluginJar.NoBundle(
            "The bundle's symbolic name is %s, not %s.".formatted(about.name(), name));
      }
      Verdict verdict = checked(about.name(), digest);
      if (!verdict.isGood()) {
        throw new PluginJar.NoBundle(String.join("\n", verdict.problems()));
      }
      return change(() -> install(about, digest, verdict));
    } catch (PluginJar.NoBundle e) {
      change(() -> tidied());
      throw new JobserverException(ErrorCode.PLUGIN_REFUSED, e.getMessage());
    }
  }

  @Override
  public Plugin rollBack(String name) {
    Revision previous =
        plugin(name)
            .previous()
            .orElseThrow(
                () ->
                    new JobserverException(
                        ErrorCode.PLUGIN_REFUSED, name + " has no previous revision."));
    Verdict verdict = checked(name, previous.digest());
    if (!verdict.isGood()) {
      throw new JobserverException(ErrorCode.PLUGIN_REFUSED, String.join("\n", verdict.problems()));
    }
    return change(() -> goBack(name, previous, verdict));
  }

  private Plugin plugin(String name) {
    return find(name)
        .orElseThrow(
            () ->
                new JobserverException(
                    ErrorCode.PLUGIN_NOT_FOUND, "There is no plugin " + name + "."));
  }

  @Override
  public void remove(String name) {
    plugin(name);
    change(
        () -> {
          for (Entry entry : List.copyOf(files.values())) {
            if (entry.name().equals(name) || shownAs(entry).equals(name) || isOf(name, entry)) {
              Files.deleteIfExists(folder.resolve(entry.file));
            }
          }
          lookOnce();
          return null;
        });
  }

  /** Checks bytes of the store beside what runs; on a thread for checks. */
  private Verdict checked(String name, String digest) {
    List<Path> beside = change(() -> beside(name));
    return wait(checks.submit(() -> check.check(store.path(digest), beside)));
  }

  /** Carries something out on the worker, and waits for it. */
  private <T> T change(Callable<T> change) {
    try {
      return wait(
          worker.submit(
              () -> {
                try {
                  return change.call();
                } finally {
                  publish();
                }
              }));
    } catch (RejectedExecutionException e) {
      throw new JobserverException(ErrorCode.UNAVAILABLE, "The server is stopping.");
    }
  }

  private static <T> T wait(Future<T> future) {
    try {
      return future.get();
    } catch (ExecutionException e) {
      if (e.getCause() instanceof JobserverException expected) {
        throw expected;
      }
      if (FullDisk.isToldBy(e.getCause())) {
        throw noRoom(e.getCause());
      }
      throw new JobserverException(
          ErrorCode.STORAGE,
          "The folder for plugins cannot be changed: " + e.getCause(),
          e.getCause());
    } catch (CancellationException e) {
      throw new JobserverException(ErrorCode.UNAVAILABLE, "The server is stopping.");
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
      throw new JobserverException(ErrorCode.UNAVAILABLE, "The server is stopping.");
    }
  }

  // On the worker

  private void lookOnce() throws IOException {
    Map<String, FolderLook.Found> found = look.look();
    boolean changed = files.keySet().removeIf(file -> !found.containsKey(file));
    for (Map.Entry<String, FolderLook.Found> one : found.entrySet()) {
      if (one.getValue().settled()) {
        changed |= read(one.getKey(), one.getValue().stamp());
      }
    }
    changed |= removeOrphans(files.keySet().containsAll(found.keySet()));
    if (changed) {
      settle();
    }
    publish();
  }

  /** Reads a file that is new or has changed. */
  private boolean read(String file, FolderLook.Stamp stamp) throws IOException {
    Entry entry = files.get(file);
    if (entry != null && stamp.equals(entry.stamp)) {
      return false;
    }
    if (entry == null) {
      entry = new Entry(file, now());
    }
    try (InputStream bytes = Files.newInputStream(folder.resolve(file))) {
      entry.digest = store.keep(bytes);
    } catch (NoSuchFileException e) {
      return false;
    } catch (IOException e) {
      // The next look tries again.
      files.put(file, entry);
      fail(entry, "", List.of("The file cannot be read: " + e), false);
      return false;
    }
    entry.stamp = stamp;
    files.put(file, entry);
    try {
      entry.jar = Optional.of(PluginJar.read(store.path(entry.digest)));
    } catch (PluginJar.NoBundle e) {
      entry.jar = Optional.empty();
      fail(entry, entry.digest, List.of(e.getMessage()), false);
    }
    return true;
  }

  /**
   * Takes away what has no file any more.
   *
   * @param complete whether all files of the folder are known; one that has not settled yet may be
   *     of a plugin that ran before the server was started
   */
  private boolean removeOrphans(boolean complete) throws IOException {
    boolean changed = false;
    for (Map.Entry<String, Live> one : List.copyOf(running.entrySet())) {
      boolean owned =
          owner(one.getKey()).isPresent()
              // Its file is there, and is no bundle now: what ran goes on.
              || Optional.ofNullable(files.get(one.getValue().file()))
                  .filter(entry -> entry.jar.isEmpty())
                  .isPresent();
      if (!owned) {
        LOG.info("plugin {}: removed", one.getKey());
        running.remove(one.getKey());
        one.getValue().bundle().remove();
        changed = true;
      }
    }
    for (String name : memory.all().keySet()) {
      boolean forgotten = complete && !running.containsKey(name) && !broken(name);
      if (forgotten && owner(name).isEmpty()) {
        memory.forget(name);
        changed = true;
      }
    }
    return changed;
  }

  /** Whether a file that cannot be read now may be this plugin's. */
  private boolean broken(String name) {
    return memory
        .of(name)
        .filter(past -> files.values().stream().anyMatch(entry -> entry.jar.isEmpty()))
        .isPresent();
  }

  /** The file whose bundle runs, or would run, under a name. */
  private Optional<Entry> owner(String name) {
    Optional<String> before = Optional.ofNullable(running.get(name)).map(Live::file);
    return files.values().stream()
        .filter(entry -> entry.jar.isPresent() && entry.name().equals(name))
        .min(
            Comparator.<Entry>comparingInt(
                    entry -> before.filter(entry.file::equals).isPresent() ? 0 : 1)
                .thenComparing(entry -> entry.file));
  }

  /** Brings what runs nearer to what the folder says. */
  private void settle() throws IOException {
    for (Entry entry : List.copyOf(files.values())) {
      if (entry.jar.isPresent()) {
        Entry owner = owner(entry.name()).orElseThrow();
        if (owner == entry) {
          want(entry);
        } else {
          fail(
              entry,
              // Nothing is said of its bytes: they may be wanted yet.
              "",
              List.of(
                  "%s brings %s already. Remove one of the two files."
                      .formatted(owner.file, entry.name())),
              false);
        }
      }
    }
    tidied();
  }

  private void want(Entry entry) throws IOException {
    String name = entry.name();
    String wanted =
        memory
            .of(name)
            .filter(past -> past.chosen() && past.file().equals(entry.digest))
            .map(past -> past.running().digest())
            .filter(store::has)
            .orElse(entry.digest);
    Live live = running.get(name);
    if (live != null && live.revision().digest().equals(wanted)) {
      if (!live.file().equals(entry.file)) {
        running.put(
            name,
            new Live(entry.file, live.revision(), live.bundle(), live.brings(), live.since()));
      }
      if (memory.of(name).filter(past -> past.file().equals(entry.digest)).isEmpty()) {
        remember(name, entry.digest, live.revision(), false);
      }
      if (entry.state != State.ACTIVE || !entry.about.equals(wanted)) {
        active(entry, wanted);
      }
      return;
    }
    if (entry.about.equals(wanted)) {
      // It is being checked, or has failed.
      return;
    }
    String version = wanted.equals(entry.digest) ? entry.jar.orElseThrow().version() : chosen(name);
    entry.about = wanted;
    entry.state = State.CHECKING;
    entry.problems = List.of();
    entry.unresolved = false;
    entry.since = now();
    List<Path> beside = beside(name);
    checks.execute(
        () -> {
          Verdict verdict = verdict(wanted, beside);
          later(() -> take(entry, new Revision(version, wanted), verdict));
        });
  }

  private String chosen(String name) {
    return memory.of(name).orElseThrow().running().version();
  }

  private Verdict verdict(String digest, List<Path> beside) {
    try {
      return check.check(store.path(digest), beside);
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
      return Verdict.problem("The server was stopped while it was checked.");
    } catch (RuntimeException e) {
      LOG.error("a check has failed", e);
      return Verdict.problem("The check could not be made: " + e);
    }
  }

  private interface Change {
    void run() throws IOException;
  }

  private void later(Change change) {
    try {
      worker.execute(
          () -> {
            try {
              change.run();
            } catch (IOException | RuntimeException e) {
              LOG.error("a plugin cannot be changed", e);
            }
            publish();
          });
    } catch (RejectedExecutionException e) {
      LOG.debug("the server is stopping", e);
    }
  }

  /** The check of a file's bundle is through. */
  private void take(Entry entry, Revision revision, Verdict verdict) throws IOException {
    boolean stillWanted =
        files.get(entry.file) == entry
            && entry.state == State.CHECKING
            && entry.about.equals(revision.digest());
    if (!stillWanted) {
      return;
    }
    Optional<String> problem = verdict.isGood() ? taken(entry.name(), verdict) : Optional.empty();
    if (!verdict.isGood()) {
      fail(entry, revision.digest(), verdict.problems(), verdict.unresolved());
    } else if (problem.isPresent()) {
      fail(entry, revision.digest(), List.of(problem.get()), true);
    } else {
      try {
        swap(entry.name(), entry.file, revision, verdict);
        active(entry, revision.digest());
        remember(entry.name(), entry.digest, revision, !revision.digest().equals(entry.digest));
        othersMayChange(entry);
        return;
      } catch (Host.CannotStart e) {
        fail(entry, revision.digest(), List.of(e.getMessage()), e.isUnresolved());
      }
    }
    fallBack(entry);
  }

  /** Why a bundle must not run beside the others. */
  private Optional<String> taken(String name, Verdict verdict) {
    for (String one : verdict.brings()) {
      if (SINGLE.stream().anyMatch(one::startsWith)) {
        for (Map.Entry<String, Live> other : running.entrySet()) {
          if (!other.getKey().equals(name) && other.getValue().brings().contains(one)) {
            return Optional.of(
                "It brings %s, which the plugin %s brings already.".formatted(one, other.getKey()));
          }
        }
      }
    }
    return Optional.empty();
  }

  /** After a start of the server: where the file cannot be used, what ran before runs again. */
  private void fallBack(Entry entry) throws IOException {
    Optional<Memory.Past> past = memory.of(entry.name());
    if (past.isEmpty() || running.containsKey(entry.name())) {
      return;
    }
    Revision before = past.get().running();
    if (before.digest().equals(entry.about) || !store.has(before.digest())) {
      return;
    }
    List<Path> beside = beside(entry.name());
    checks.execute(
        () -> {
          Verdict verdict = verdict(before.digest(), beside);
          later(() -> startBefore(entry, before, verdict));
        });
  }

  private void startBefore(Entry entry, Revision before, Verdict verdict) throws IOException {
    if (files.get(entry.file) != entry || running.containsKey(entry.name()) || !verdict.isGood()) {
      return;
    }
    try {
      swap(entry.name(), entry.file, before, verdict);
      othersMayChange(entry);
    } catch (Host.CannotStart e) {
      LOG.error("plugin {}: {} does not start either: {}", entry.name(), before, e.getMessage());
    }
  }

  /**
   * Starts a revision, and takes the one away that runs. Where it does not start that one goes on.
   * Both are there for a moment, unless they cannot.
   */
  private void swap(String name, String file, Revision revision, Verdict verdict)
      throws Host.CannotStart {
    Live old = running.get(name);
    boolean oldFirst = old != null && !canBeBoth(old, revision, verdict);
    if (oldFirst) {
      old.bundle().remove();
    }
    try {
      Host.Started bundle = host.start(store.path(revision.digest()));
      running.put(name, new Live(file, revision, bundle, verdict.brings(), now()));
    } catch (Host.CannotStart e) {
      if (oldFirst) {
        takeBack(name, old);
      }
      throw e;
    }
    if (old != null && !oldFirst) {
      old.bundle().remove();
    }
    LOG.info(
        "plugin {} {} ({}): started{}",
        name,
        revision.version(),
        revision.digest(),
        old == null ? "" : ", in place of " + old.revision().version());
  }

  private boolean canBeBoth(Live old, Revision revision, Verdict verdict) {
    boolean alone =
        ALONE.stream()
            .anyMatch(kind -> brings(old.brings(), kind) && brings(verdict.brings(), kind));
    return !alone && !isSingleton(old.revision()) && !isSingleton(revision);
  }

  private static boolean brings(List<String> brings, String kind) {
    return brings.stream().anyMatch(one -> one.startsWith(kind));
  }

  private boolean isSingleton(Revision revision) {
    try {
      return PluginJar.read(store.path(revision.digest())).singleton();
    } catch (PluginJar.NoBundle e) {
      return false;
    }
  }

  private void takeBack(String name, Live old) {
    running.remove(name);
    try {
      Host.Started again = host.start(store.path(old.revision().digest()));
      running.put(name, new Live(old.file(), old.revision(), again, old.brings(), old.since()));
    } catch (Host.CannotStart e) {
      LOG.error("plugin {}: {} does not start again: {}", name, old.revision(), e.getMessage());
    }
  }

  private void remember(String name, String fileDigest, Revision now, boolean chosen)
      throws IOException {
    Optional<Memory.Past> past = memory.of(name);
    Optional<Revision> previous =
        past.filter(before -> !before.running().equals(now))
            .map(Memory.Past::running)
            .or(() -> past.flatMap(Memory.Past::previous));
    memory.put(name, new Memory.Past(fileDigest, now, previous, chosen));
  }

  /** What imports from a plugin that has come or gone may run now, or no longer. */
  private void othersMayChange(Entry changed) throws IOException {
    for (Map.Entry<String, Live> one : List.copyOf(running.entrySet())) {
      Live live = one.getValue();
      if (!live.bundle().runs()) {
        try {
          live.bundle().startAgain();
        } catch (Host.CannotStart e) {
          running.remove(one.getKey());
          live.bundle().remove();
          Optional.ofNullable(files.get(live.file()))
              .ifPresent(
                  entry -> fail(entry, live.revision().digest(), List.of(e.getMessage()), true));
        }
      }
    }
    for (Entry entry : files.values()) {
      if (entry != changed && entry.state == State.FAILED && entry.unresolved) {
        entry.about = "";
      }
    }
    settle();
  }

  private void active(Entry entry, String digest) {
    entry.state = State.ACTIVE;
    entry.about = digest;
    entry.problems = List.of();
    entry.unresolved = false;
    entry.since = now();
  }

  private void fail(Entry entry, String digest, List<String> problems, boolean unresolved) {
    if (entry.state == State.FAILED
        && entry.about.equals(digest)
        && entry.problems.equals(problems)) {
      return;
    }
    entry.state = State.FAILED;
    entry.about = digest;
    entry.problems = problems;
    entry.unresolved = unresolved;
    entry.since = now();
    LOG.error("plugin {} of {}: {}", entry.name(), entry.file, String.join(" ", problems));
  }

  private Plugin install(PluginJar about, String digest, Verdict verdict) throws IOException {
    String name = about.name();
    Optional<String> problem = taken(name, verdict);
    if (problem.isPresent()) {
      throw new JobserverException(ErrorCode.PLUGIN_REFUSED, problem.get());
    }
    Revision revision = new Revision(about.version(), digest);
    String file = owner(name).map(entry -> entry.file).orElseGet(() -> freeFile(name));
    Live old = running.get(name);
    boolean runs = old != null && old.revision().digest().equals(digest);
    Path written = written(file, digest);
    try {
      if (!runs) {
        swap(name, file, revision, verdict);
      }
      Files.move(
          written,
          folder.resolve(file),
          StandardCopyOption.ATOMIC_MOVE,
          StandardCopyOption.REPLACE_EXISTING);
    } catch (Host.CannotStart e) {
      throw new JobserverException(ErrorCode.PLUGIN_REFUSED, e.getMessage());
    } finally {
      Files.deleteIfExists(written);
    }
    Entry entry = files.computeIfAbsent(file, missing -> new Entry(file, now()));
    entry.digest = digest;
    entry.jar = Optional.of(about);
    active(entry, digest);
    remember(name, digest, revision, false);
    othersMayChange(entry);
    publish();
    return plugin(name);
  }

  /** A name for the file of a plugin that has none yet. */
  private String freeFile(String name) {
    String file = name.replaceAll("[^\\w.-]", "_") + ".jar";
    return files.containsKey(file) ? name + "-" + clock.millis() + ".jar" : file;
  }

  /** Writes bytes of the store into the folder, synced, under a name that is not looked at. */
  private Path written(String file, String digest) throws IOException {
    Files.createDirectories(folder);
    Path part = folder.resolve("." + file + ".part");
    try {
      Files.copy(store.path(digest), part, StandardCopyOption.REPLACE_EXISTING);
      try (FileChannel channel = FileChannel.open(part, StandardOpenOption.WRITE)) {
        channel.force(true);
      }
      return part;
    } catch (IOException e) {
      Files.deleteIfExists(part);
      throw e;
    }
  }

  private Plugin goBack(String name, Revision previous, Verdict verdict) throws IOException {
    Memory.Past past =
        memory
            .of(name)
            .filter(now -> now.previous().filter(previous::equals).isPresent())
            .orElseThrow(
                () ->
                    new JobserverException(
                        ErrorCode.PLUGIN_REFUSED, name + " has changed in the meantime."));
    Entry entry =
        owner(name)
            .or(() -> Optional.ofNullable(running.get(name)).map(live -> files.get(live.file())))
            .orElseThrow(
                () ->
                    new JobserverException(
                        ErrorCode.PLUGIN_NOT_FOUND, "There is no plugin " + name + "."));
    try {
      swap(name, entry.file, previous, verdict);
    } catch (Host.CannotStart e) {
      throw new JobserverException(ErrorCode.PLUGIN_REFUSED, e.getMessage());
    }
    memory.put(
        name,
        new Memory.Past(
            entry.digest,
            previous,
            Optional.of(past.running()),
            !previous.digest().equals(entry.digest)));
    active(entry, previous.digest());
    othersMayChange(entry);
    publish();
    return plugin(name);
  }

  private List<Path> beside(String name) {
    return running.entrySet().stream()
        .filter(one -> !one.getKey().equals(name))
        .map(one -> store.path(one.getValue().revision().digest()))
        .toList();
  }

  /** Forgets the bytes that nobody needs any more. */
  private Void tidied() throws IOException {
    Set<String> needed = new HashSet<>();
    files.values().forEach(entry -> needed.addAll(List.of(entry.digest, entry.about)));
    running.values().forEach(live -> needed.add(live.revision().digest()));
    for (Memory.Past past : memory.all().values()) {
      needed.add(past.running().digest());
      past.previous().ifPresent(previous -> needed.add(previous.digest()));
    }
    store.retain(needed, now().minus(LATELY));
    Set<String> names = new HashSet<>();
    needed.forEach(digest -> names.add(store.path(digest).getFileName().toString()));
    check.retain(names);
    return null;
  }

  private void publish() {
    Map<String, Plugin> plugins = new TreeMap<>();
    Set<String> shown = new HashSet<>();
    running.forEach(
        (name, live) -> {
          Entry entry = files.get(live.file());
          plugins.put(name, shown(name, Optional.ofNullable(entry), Optional.of(live)));
          shown.add(live.file());
        });
    for (Entry entry : files.values()) {
      if (!shown.contains(entry.file)) {
        String name = plugins.containsKey(entry.name()) ? entry.file : entry.name();
        plugins.put(name, shown(name, Optional.of(entry), Optional.empty()));
      }
    }
    published = List.copyOf(plugins.values());
  }

  private boolean isOf(String name, Entry entry) {
    return running.containsKey(name) && running.get(name).file().equals(entry.file);
  }

  private String shownAs(Entry entry) {
    return running.containsKey(entry.name()) && !running.get(entry.name()).file().equals(entry.file)
        ? entry.file
        : entry.name();
  }

  private Plugin shown(String name, Optional<Entry> entry, Optional<Live> live) {
    Optional<Memory.Past> past = memory.of(name);
    State state =
        live.isPresent() && entry.filter(one -> one.state == State.CHECKING).isEmpty()
            ? State.ACTIVE
            : entry.map(one -> one.state).orElse(State.ACTIVE);
    return new Plugin(
        name,
        entry.map(one -> one.file).orElseGet(() -> live.map(Live::file).orElse("")),
        state,
        live.map(Live::revision),
        past.flatMap(Memory.Past::previous),
        live.isPresent() && past.filter(Memory.Past::chosen).isPresent(),
        live.map(Live::brings).orElse(List.of()),
        entry.map(one -> one.problems).orElse(List.of()),
        entry.map(one -> one.since).or(() -> live.map(Live::since)).orElseGet(this::now));
  }

  private Instant now() {
    return clock.instant();
  }

  /** Ends the looking; what runs goes on, for the framework stops it. */
  @Override
  public void close() {
    worker.shutdownNow();
    checks.shutdownNow();
  }
}
