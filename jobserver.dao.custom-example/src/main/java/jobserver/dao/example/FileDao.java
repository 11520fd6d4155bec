package jobserver.dao.example;

import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Instant;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.HashSet;
import java.util.List;
import java.util.Optional;
import java.util.Set;
import java.util.function.Predicate;
import java.util.function.UnaryOperator;
import java.util.stream.Stream;
import org.osgi.framework.BundleContext;
import org.osgi.service.component.annotations.Activate;
import org.osgi.service.component.annotations.Component;
import spark.jobserver.api.Binary;
import spark.jobserver.api.Content;
import spark.jobserver.api.Context;
import spark.jobserver.api.Failure;
import spark.jobserver.api.FullDisk;
import spark.jobserver.api.Job;
import spark.jobserver.api.JobFilter;
import spark.jobserver.api.JobFilter.Place;
import spark.jobserver.api.JobState;
import spark.jobserver.api.dao.BinaryVersion;
import spark.jobserver.api.dao.DaoException;
import spark.jobserver.api.dao.DriverRecord;
import spark.jobserver.api.dao.Expired;
import spark.jobserver.api.dao.Expired.ExpiredJob;
import spark.jobserver.api.dao.JobDao;
import spark.jobserver.api.dao.JobInput;
import spark.jobserver.api.dao.JobInsertion;
import spark.jobserver.api.dao.JobInsertion.KeyUsed;
import spark.jobserver.api.dao.RequestKey;
import spark.jobserver.api.dao.StoreFullException;

/**
 * A server's memory in files, and but for the bytes of binaries and results in memory too: good for
 * some thousand jobs. A row is a file, which is replaced as a whole, so that what changes one row
 * is one transaction. What removes several rows may be ended between two of them by a crash; each
 * that is still there is whole.
 */
@Component(property = JobDao.NAME + "=jobserver.dao.example.FileDao")
public final class FileDao implements JobDao {
  private static final Comparator<JobRow> BY_START =
      Comparator.comparing(row -> Place.of(row.job()));
  private static final Comparator<JobRow> BY_END =
      Comparator.comparing((JobRow row) -> row.job().endTime().orElse(Instant.MAX))
          .thenComparing(row -> row.job().id());
  private static final Comparator<ContextRow> BY_PLACE = Comparator.comparing(ContextRow::place);

  /** The versions of a binary, by its name. */
  private final Rows<List<BinaryVersion>> binaries;

  private final Rows<ContextRow> contexts;
  private final Rows<DriverRecord> drivers;
  private final Rows<JobRow> jobs;
  private final NamedFiles bytes;
  private final NamedFiles results;
  private long lastPlace;

  /** The store in the server's data folder. */
  @Activate
  public FileDao(BundleContext bundle) throws IOException {
    this(Path.of(bundle.getProperty("jobserver.data"), "files-of-example"));
  }

  FileDao(Path folder) throws IOException {
    binaries =
        new Rows<>(
            new NamedFiles(folder.resolve("binaries")),
            versions -> versions.get(0).binary().name(),
            RowWriter::versions,
            RowReader::versions);
    contexts =
        new Rows<>(
            new NamedFiles(folder.resolve("contexts")),
            row -> row.context().id(),
            RowWriter::context,
            RowReader::context);
    drivers =
        new Rows<>(
            new NamedFiles(folder.resolve("drivers")),
            DriverRecord::contextId,
            RowWriter::driver,
            RowReader::driver);
    jobs =
        new Rows<>(
            new NamedFiles(folder.resolve("jobs")),
            row -> row.job().id(),
            RowWriter::job,
            RowReader::job);
    bytes = new NamedFiles(folder.resolve("bytes"));
    results = new NamedFiles(folder.resolve("results"));
    lastPlace = contexts.all().stream().mapToLong(ContextRow::place).max().orElse(0);
  }

  /** What reads or writes files. */
  @FunctionalInterface
  private interface Work<T> {
    T done() throws IOException;
  }

  private static <T> T stored(String purpose, Work<T> work) {
    try {
      return work.done();
    } catch (IOException | UncheckedIOException e) {
      String words = "cannot " + purpose + ": " + e.getMessage();
      throw FullDisk.isToldBy(e) ? new StoreFullException(words, e) : new DaoException(words, e);
    }
  }

  // Binaries

  @Override
  public void insertBinary(Binary binary, Content content, String owner) {
    stored(
        "store the binary " + binary.name(),
        () -> {
          synchronized (this) {
            if (bytes.has(binary.digest())) {
              addVersion(binary, owner);
              return null;
            }
          }
          // However slowly they come, nobody waits for it.
          Path part = bytes.part(content);
          try {
            checkBytes(binary, part);
            synchronized (this) {
              bytes.take(part, binary.digest());
              addVersion(binary, owner);
            }
          } finally {
            Files.deleteIfExists(part);
          }
          return null;
        });
  }

  private void addVersion(Binary binary, String owner) throws IOException {
    List<BinaryVersion> versions = new ArrayList<>(versions(binary.name()));
    versions.add(new BinaryVersion(binary, owner));
    binaries.put(List.copyOf(versions));
  }

  private static void checkBytes(Binary binary, Path file) throws IOException {
    if (Files.size(file) != binary.size() || !NamedFiles.digest(file).equals(binary.digest())) {
      throw new IOException("its bytes are not those that were announced");
    }
  }

  private List<BinaryVersion> versions(String name) {
    return binaries.find(name).orElse(List.of());
  }

  private static BinaryVersion last(List<BinaryVersion> versions) {
    return versions.get(versions.size() - 1);
  }

  @Override
  public synchronized List<Binary> latestBinaries() {
    return binaries.all().stream()
        .map(versions -> last(versions).binary())
        .sorted(Comparator.comparing(Binary::name))
        .toList();
  }

  @Override
  public synchronized Optional<Binary> latestBinary(String name) {
    return binaries.find(name).map(versions -> last(versions).binary());
  }

  @Override
  public synchronized Optional<String> binaryOwner(String name) {
    return binaries.find(name).map(versions -> last(versions).owner());
  }

  @Override
  public synchronized List<BinaryVersion> binaryVersions(String name) {
    return versions(name);
  }

  @Override
  public synchronized BinaryDeletion deleteBinary(String name) {
    List<BinaryVersion> versions = versions(name);
    if (versions.isEmpty()) {
      return new BinaryDeletion.Unknown();
    }
    List<String> users =
        jobs.all().stream()
            .filter(row -> row.needs(name))
            .sorted(BY_START)
            .map(row -> row.job().id())
            .toList();
    if (!users.isEmpty()) {
      return new BinaryDeletion.InUse(users);
    }
    return stored(
        "delete the binary " + name,
        () -> {
          binaries.remove(name);
          for (BinaryVersion version : versions) {
            removeUnused(version.binary().digest());
          }
          return new BinaryDeletion.Deleted();
        });
  }

  private void removeUnused(String digest) throws IOException {
    boolean used =
        binaries.all().stream()
            .flatMap(List::stream)
            .anyMatch(version -> version.binary().digest().equals(digest));
    if (!used) {
      bytes.remove(digest);
    }
  }

  @Override
  public synchronized Optional<Content> binaryBytes(String digest) {
    return content(bytes, digest);
  }

  private static Optional<Content> content(NamedFiles files, String name) {
    return stored(
        "read " + name,
        () -> files.has(name) ? Optional.of(files.content(name)) : Optional.empty());
  }

  // Contexts

  @Override
  public synchronized boolean insertContext(Context context) {
    boolean taken =
        contexts.all().stream()
            .anyMatch(row -> row.isActive() && row.context().name().equals(context.name()));
    if (!taken) {
      putContext(new ContextRow(lastPlace + 1, context));
      lastPlace++;
    }
    return !taken;
  }

  private void putContext(ContextRow row) {
    stored(
        "store the context " + row.context().id(),
        () -> {
          contexts.put(row);
          return null;
        });
  }

  @Override
  public synchronized boolean updateContext(Context context) {
    Optional<ContextRow> known = contexts.find(context.id()).filter(ContextRow::isActive);
    known.ifPresent(row -> putContext(new ContextRow(row.place(), context)));
    return known.isPresent();
  }

  @Override
  public synchronized Optional<Context> context(String id) {
    return contexts.find(id).map(ContextRow::context);
  }

  @Override
  public synchronized Optional<Context> latestContext(String name) {
    return contexts.all().stream()
        .filter(row -> row.context().name().equals(name))
        .max(BY_PLACE)
        .map(ContextRow::context);
  }

  @Override
  public synchronized List<Context> activeContexts() {
    return contexts.all().stream()
        .filter(ContextRow::isActive)
        .sorted(BY_PLACE.reversed())
        .map(ContextRow::context)
        .toList();
  }

  @Override
  public synchronized List<Context> contexts(Optional<String> after, int limit) {
    Optional<Long> place =
        after.isEmpty() ? Optional.of(0L) : contexts.find(after.get()).map(ContextRow::place);
    return contexts.all().stream()
        .filter(row -> place.isPresent() && row.place() > place.get())
        .sorted(BY_PLACE)
        .limit(limit)
        .map(ContextRow::context)
        .toList();
  }

  @Override
  public synchronized void saveDriver(DriverRecord driver) {
    stored(
        "store the driver of the context " + driver.contextId(),
        () -> {
          drivers.put(driver);
          return null;
        });
  }

  @Override
  public synchronized Optional<DriverRecord> driver(String contextId) {
    return drivers.find(contextId);
  }

  // Jobs

  @Override
  public synchronized JobInsertion insertJob(Job job, JobInput input) {
    Optional<KeyUsed> used = input.key().flatMap(key -> keyUsed(key.caller(), key.key()));
    if (used.isPresent()) {
      return used.get();
    }
    JobRow row = new JobRow(job, input, false, false);
    Optional<Binary> gone = row.binaries().filter(Predicate.not(this::isThere)).findFirst();
    if (gone.isPresent()) {
      return new JobInsertion.BinaryGone(gone.get().name());
    }
    return stored(
        "add the job " + job.id(),
        () -> {
          add(row);
          return new JobInsertion.Inserted();
        });
  }

  private void add(JobRow row) throws IOException {
    if (jobs.find(row.job().id()).isPresent()) {
      throw new IOException("its id is taken");
    }
    jobs.put(row);
  }

  private boolean isThere(Binary binary) {
    return versions(binary.name()).stream().anyMatch(known -> known.binary().equals(binary));
  }

  private void putJob(JobRow row) {
    stored(
        "store the job " + row.job().id(),
        () -> {
          jobs.put(row);
          return null;
        });
  }

  @Override
  public void restoreJob(Job job, JobInput input, Optional<Content> result, boolean killWished) {
    withResult(
        job.id(),
        result,
        () -> {
          add(new JobRow(job, input, killWished, result.isPresent()));
          return true;
        });
  }

  @Override
  public boolean endJob(
      String id,
      JobState state,
      Instant endTime,
      Optional<Failure> failure,
      Optional<Content> result) {
    if (!state.isFinal()
        || failure.isPresent() == (state == JobState.FINISHED)
        || (result.isPresent() && state != JobState.FINISHED)) {
      throw new IllegalArgumentException(
          "a job ends FINISHED, perhaps with a result, or in a failure; not " + state);
    }
    return withResult(
        id,
        result,
        () -> {
          Optional<JobRow> known = jobs.find(id).filter(JobRow::isActive);
          if (known.isPresent()) {
            Job ended = known.get().job().ended(state, endTime, failure);
            jobs.put(known.get().ended(ended, result.isPresent()));
          }
          return known.isPresent();
        });
  }

  /** Changes a job and keeps its result, which is there before the job says so. */
  private boolean withResult(String id, Optional<Content> result, Work<Boolean> change) {
    return stored(
        "store the result of the job " + id,
        () -> {
          if (result.isEmpty()) {
            synchronized (this) {
              return change.done();
            }
          }
          Path part = results.part(result.get());
          try {
            synchronized (this) {
              boolean hasOne = jobs.find(id).filter(JobRow::hasResult).isPresent();
              if (!hasOne) {
                results.take(part, id);
              }
              return change.done();
            }
          } finally {
            Files.deleteIfExists(part);
          }
        });
  }

  private void change(String id, Predicate<JobRow> which, UnaryOperator<JobRow> change) {
    jobs.find(id).filter(which).map(change).ifPresent(this::putJob);
  }

  private List<String> ids(Predicate<JobRow> which, Comparator<JobRow> order) {
    return jobs.all().stream().filter(which).sorted(order).map(row -> row.job().id()).toList();
  }

  @Override
  public synchronized boolean wishKill(String id) {
    boolean active = jobs.find(id).filter(JobRow::isActive).isPresent();
    change(id, JobRow::isActive, JobRow::wished);
    return active;
  }

  @Override
  public synchronized List<String> killWishes() {
    return ids(row -> row.isActive() && row.killWished(), BY_START);
  }

  @Override
  public synchronized Optional<Job> job(String id) {
    return jobs.find(id).map(JobRow::job);
  }

  @Override
  public synchronized List<Job> jobs(JobFilter filter, int limit) {
    return jobs.all().stream()
        .filter(row -> filter.test(row.job()))
        .sorted(BY_START.reversed())
        .limit(Math.max(0, limit))
        .map(JobRow::job)
        .toList();
  }

  @Override
  public synchronized List<Job> activeJobs() {
    return jobs.all().stream().filter(JobRow::isActive).sorted(BY_START).map(JobRow::job).toList();
  }

  @Override
  public synchronized Optional<String> jobConfig(String id) {
    return jobs.find(id).map(row -> row.input().config());
  }

  @Override
  public synchronized List<Binary> jobDependencies(String id) {
    return jobs.find(id).map(row -> row.input().dependencies()).orElse(List.of());
  }

  @Override
  public synchronized Optional<Content> result(String id) {
    return jobs.find(id).filter(JobRow::hasResult).flatMap(row -> content(results, id));
  }

  // Keys and callbacks

  @Override
  public synchronized Optional<KeyUsed> keyUsed(String caller, String key) {
    return jobs.all().stream()
        .flatMap(row -> row.input().key().map(one -> used(row, one)).stream())
        .filter(one -> one.key().caller().equals(caller) && one.key().key().equals(key))
        .map(one -> new KeyUsed(one.jobId(), one.key().request()))
        .findFirst();
  }

  private record Used(String jobId, RequestKey key) {}

  private static Used used(JobRow row, RequestKey key) {
    return new Used(row.job().id(), key);
  }

  @Override
  public synchronized Optional<RequestKey> requestKey(String jobId) {
    return jobs.find(jobId).flatMap(row -> row.input().key());
  }

  @Override
  public synchronized void forgetKey(String jobId) {
    change(jobId, row -> row.input().key().isPresent(), JobRow::withoutKey);
  }

  @Override
  public synchronized Optional<String> callback(String jobId) {
    return jobs.find(jobId).flatMap(row -> row.input().callback());
  }

  @Override
  public synchronized List<String> pendingCallbacks() {
    return ids(row -> !row.isActive() && row.input().callback().isPresent(), BY_END);
  }

  @Override
  public synchronized void forgetCallback(String jobId) {
    change(jobId, row -> row.input().callback().isPresent(), JobRow::withoutCallback);
  }

  // History

  @Override
  public synchronized Expired removeEnded(Instant before, int limit) {
    List<ExpiredJob> oldJobs =
        jobs.all().stream()
            .filter(row -> row.job().endTime().filter(before::isAfter).isPresent())
            .filter(row -> row.input().callback().isEmpty())
            .sorted(BY_END)
            .limit(limit)
            .map(row -> new ExpiredJob(row.job().id(), row.job().contextId()))
            .toList();
    return stored(
        "remove what ended before " + before,
        () -> {
          for (ExpiredJob job : oldJobs) {
            jobs.remove(job.id());
            results.remove(job.id());
          }
          List<String> oldContexts = contextsWithoutJobs(before, limit);
          for (String id : oldContexts) {
            contexts.remove(id);
            drivers.remove(id);
          }
          return new Expired(oldJobs, oldContexts);
        });
  }

  private List<String> contextsWithoutJobs(Instant before, int limit) {
    Set<String> used = new HashSet<>();
    jobs.all().forEach(row -> used.add(row.job().contextId()));
    Stream<Context> old =
        contexts.all().stream()
            .map(ContextRow::context)
            .filter(context -> context.endTime().filter(before::isAfter).isPresent())
            .filter(context -> !used.contains(context.id()));
    return old.sorted(
            Comparator.comparing((Context context) -> context.endTime().orElse(Instant.MAX))
                .thenComparing(Context::id))
        .limit(limit)
        .map(Context::id)
        .toList();
  }

  @Override
  public synchronized void removeAll() {
    stored(
        "remove everything",
        () -> {
          jobs.clear();
          drivers.clear();
          contexts.clear();
          binaries.clear();
          results.clear();
          bytes.clear();
          return null;
        });
  }
}
