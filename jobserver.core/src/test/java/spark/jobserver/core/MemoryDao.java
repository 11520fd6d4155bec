package spark.jobserver.core;

import java.io.IOException;
import java.io.InputStream;
import java.io.UncheckedIOException;
import java.time.Instant;
import java.util.ArrayList;
import java.util.Collections;
import java.util.Comparator;
import java.util.HashMap;
import java.util.HashSet;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.TreeMap;
import java.util.stream.Stream;
import spark.jobserver.api.Binary;
import spark.jobserver.api.Content;
import spark.jobserver.api.Context;
import spark.jobserver.api.Failure;
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

/** A store in memory that outlives supervisors, as a database outlives servers. */
public class MemoryDao implements JobDao {
  private final Map<String, List<Binary>> binaries = new TreeMap<>();
  private final Map<Binary, String> binaryOwners = new HashMap<>();
  private final Map<String, byte[]> bytes = new HashMap<>();
  private final Map<String, Context> contexts = new LinkedHashMap<>();
  private final Map<String, DriverRecord> drivers = new HashMap<>();
  private final Map<String, Job> jobs = new LinkedHashMap<>();
  private final Map<String, String> configs = new HashMap<>();
  private final Map<String, List<Binary>> dependencies = new HashMap<>();
  private final Map<String, RequestKey> keys = new HashMap<>();
  private final Map<String, String> callbacks = new HashMap<>();
  private final Map<String, byte[]> results = new HashMap<>();
  private final Set<String> wishes = new HashSet<>();
  private Runnable duringInsertion = () -> {};
  private int failures;

  /** Makes the next changes fail. */
  public synchronized void failNext(int changes) {
    failures = changes;
  }

  /** Has something done in the middle of each insertion of a context. */
  public synchronized void duringInsertionsOfContexts(Runnable something) {
    duringInsertion = something;
  }

  private void change() {
    if (failures > 0) {
      failures--;
      throw new DaoException("the test wants this to fail", null);
    }
  }

  private static byte[] read(Content content) {
    try (InputStream in = content.open()) {
      return in.readAllBytes();
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
  }

  @Override
  public synchronized void insertBinary(Binary binary, Content content, String owner) {
    change();
    bytes.put(binary.digest(), read(content));
    binaries.computeIfAbsent(binary.name(), name -> new ArrayList<>()).add(binary);
    binaryOwners.put(binary, owner);
  }

  @Override
  public synchronized List<Binary> latestBinaries() {
    return binaries.keySet().stream().map(name -> latestBinary(name).orElseThrow()).toList();
  }

  @Override
  public synchronized Optional<Binary> latestBinary(String name) {
    return Optional.ofNullable(binaries.get(name)).map(all -> all.get(all.size() - 1));
  }

  @Override
  public synchronized Optional<String> binaryOwner(String name) {
    return latestBinary(name).map(binaryOwners::get);
  }

  @Override
  public synchronized BinaryDeletion deleteBinary(String name) {
    List<String> users =
        activeJobs().stream()
            .filter(job -> needed(job).anyMatch(binary -> binary.name().equals(name)))
            .map(Job::id)
            .toList();
    if (!binaries.containsKey(name)) {
      return new BinaryDeletion.Unknown();
    }
    if (!users.isEmpty()) {
      return new BinaryDeletion.InUse(users);
    }
    binaries.remove(name);
    return new BinaryDeletion.Deleted();
  }

  private Stream<Binary> needed(Job job) {
    return Stream.concat(Stream.of(job.binary()), jobDependencies(job.id()).stream());
  }

  @Override
  public synchronized List<Binary> jobDependencies(String id) {
    return dependencies.getOrDefault(id, List.of());
  }

  @Override
  public synchronized Optional<Content> binaryBytes(String digest) {
    return Optional.ofNullable(bytes.get(digest)).map(Content::of);
  }

  @Override
  public synchronized boolean insertContext(Context context) {
    change();
    duringInsertion.run();
    if (activeContexts().stream().anyMatch(other -> other.name().equals(context.name()))) {
      return false;
    }
    contexts.put(context.id(), context);
    return true;
  }

  @Override
  public synchronized boolean updateContext(Context context) {
    change();
    Context known = contexts.get(context.id());
    if (known == null || known.state().isFinal()) {
      return false;
    }
    contexts.put(context.id(), context);
    return true;
  }

  @Override
  public synchronized Optional<Context> context(String id) {
    return Optional.ofNullable(contexts.get(id));
  }

  private List<Context> latestContexts() {
    List<Context> all = new ArrayList<>(contexts.values());
    Collections.reverse(all);
    return all;
  }

  @Override
  public synchronized Optional<Context> latestContext(String name) {
    return latestContexts().stream().filter(context -> context.name().equals(name)).findFirst();
  }

  @Override
  public synchronized List<Context> activeContexts() {
    return latestContexts().stream().filter(context -> !context.state().isFinal()).toList();
  }

  @Override
  public synchronized void saveDriver(DriverRecord driver) {
    change();
    drivers.put(driver.contextId(), driver);
  }

  @Override
  public synchronized Optional<DriverRecord> driver(String contextId) {
    return Optional.ofNullable(drivers.get(contextId));
  }

  @Override
  public synchronized JobInsertion insertJob(Job job, JobInput input) {
    change();
    if (input.key().isPresent()) {
      RequestKey key = input.key().get();
      Optional<KeyUsed> used = keyUsed(key.caller(), key.key());
      if (used.isPresent()) {
        return used.get();
      }
    }
    Optional<Binary> gone =
        Stream.concat(Stream.of(job.binary()), input.dependencies().stream())
            .filter(binary -> !binaries.getOrDefault(binary.name(), List.of()).contains(binary))
            .findFirst();
    if (gone.isPresent()) {
      return new JobInsertion.BinaryGone(gone.get().name());
    }
    input.key().ifPresent(key -> keys.put(job.id(), key));
    input.callback().ifPresent(url -> callbacks.put(job.id(), url));
    jobs.put(job.id(), job);
    configs.put(job.id(), input.config());
    dependencies.put(job.id(), input.dependencies());
    return new JobInsertion.Inserted();
  }

  @Override
  public synchronized Optional<KeyUsed> keyUsed(String caller, String key) {
    return keys.entrySet().stream()
        .filter(entry -> entry.getValue().caller().equals(caller))
        .filter(entry -> entry.getValue().key().equals(key))
        .map(entry -> new KeyUsed(entry.getKey(), entry.getValue().request()))
        .findFirst();
  }

  @Override
  public synchronized void forgetKey(String jobId) {
    change();
    keys.remove(jobId);
  }

  @Override
  public synchronized Optional<String> callback(String jobId) {
    return Optional.ofNullable(callbacks.get(jobId));
  }

  @Override
  public synchronized List<String> pendingCallbacks() {
    return jobs.values().stream()
        .filter(job -> job.state().isFinal() && callbacks.containsKey(job.id()))
        .map(Job::id)
        .toList();
  }

  @Override
  public synchronized void forgetCallback(String jobId) {
    change();
    callbacks.remove(jobId);
  }

  @Override
  public synchronized Expired removeEnded(Instant before, int limit) {
    change();
    List<Job> old =
        jobs.values().stream()
            .filter(job -> job.endTime().map(before::isAfter).orElse(false))
            .filter(job -> !callbacks.containsKey(job.id()))
            .limit(limit)
            .toList();
    for (Job job : old) {
      jobs.remove(job.id());
      configs.remove(job.id());
      dependencies.remove(job.id());
      results.remove(job.id());
      keys.remove(job.id());
    }
    List<String> over =
        contexts.values().stream()
            .filter(context -> context.endTime().map(before::isAfter).orElse(false))
            .map(Context::id)
            .filter(id -> jobs.values().stream().noneMatch(job -> job.contextId().equals(id)))
            .limit(limit)
            .toList();
    over.forEach(contexts::remove);
    return new Expired(
        old.stream().map(job -> new ExpiredJob(job.id(), job.contextId())).toList(), over);
  }

  @Override
  public synchronized boolean endJob(
      String id,
      JobState state,
      Instant endTime,
      Optional<Failure> failure,
      Optional<Content> result) {
    change();
    Job known = jobs.get(id);
    if (known == null || known.state().isFinal()) {
      return false;
    }
    jobs.put(id, known.ended(state, endTime, failure));
    result.ifPresent(content -> results.put(id, read(content)));
    wishes.remove(id);
    return true;
  }

  @Override
  public synchronized boolean wishKill(String id) {
    change();
    Job known = jobs.get(id);
    boolean active = known != null && !known.state().isFinal();
    if (active) {
      wishes.add(id);
    }
    return active;
  }

  @Override
  public synchronized List<String> killWishes() {
    return List.copyOf(wishes);
  }

  @Override
  public synchronized Optional<Job> job(String id) {
    return Optional.ofNullable(jobs.get(id));
  }

  @Override
  public synchronized List<Job> jobs(JobFilter filter, int limit) {
    return jobs.values().stream()
        .filter(filter::test)
        .sorted(Comparator.comparing(Place::of).reversed())
        .limit(limit)
        .toList();
  }

  @Override
  public synchronized List<Job> activeJobs() {
    return jobs.values().stream().filter(job -> !job.state().isFinal()).toList();
  }

  @Override
  public synchronized Optional<String> jobConfig(String id) {
    return Optional.ofNullable(configs.get(id));
  }

  @Override
  public synchronized Optional<Content> result(String id) {
    return Optional.ofNullable(results.get(id)).map(Content::of);
  }

  @Override
  public synchronized List<BinaryVersion> binaryVersions(String name) {
    return binaries.getOrDefault(name, List.of()).stream()
        .map(binary -> new BinaryVersion(binary, binaryOwners.get(binary)))
        .toList();
  }

  @Override
  public synchronized List<Context> contexts(Optional<String> after, int limit) {
    List<Context> all = List.copyOf(contexts.values());
    if (after.isEmpty()) {
      return all.stream().limit(limit).toList();
    }
    Context last = contexts.get(after.get());
    return last == null
        ? List.of()
        : all.stream().skip(all.indexOf(last) + 1L).limit(limit).toList();
  }

  @Override
  public synchronized Optional<RequestKey> requestKey(String jobId) {
    return Optional.ofNullable(keys.get(jobId));
  }

  @Override
  public synchronized void restoreJob(
      Job job, JobInput input, Optional<Content> result, boolean killWished) {
    change();
    input.key().ifPresent(key -> keys.put(job.id(), key));
    input.callback().ifPresent(url -> callbacks.put(job.id(), url));
    jobs.put(job.id(), job);
    configs.put(job.id(), input.config());
    dependencies.put(job.id(), input.dependencies());
    result.ifPresent(content -> results.put(job.id(), read(content)));
    if (killWished) {
      wishes.add(job.id());
    }
  }

  @Override
  public synchronized void removeAll() {
    change();
    Stream.of(
            binaries,
            binaryOwners,
            bytes,
            contexts,
            drivers,
            jobs,
            configs,
            dependencies,
            keys,
            callbacks,
            results)
        .forEach(Map::clear);
    wishes.clear();
  }
}
