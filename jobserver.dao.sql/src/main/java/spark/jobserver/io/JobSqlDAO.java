package spark.jobserver.io;

import java.time.Instant;
import java.util.List;
import java.util.Optional;
import org.osgi.service.component.annotations.Activate;
import org.osgi.service.component.annotations.Component;
import org.osgi.service.component.annotations.Reference;
import spark.jobserver.api.Binary;
import spark.jobserver.api.Content;
import spark.jobserver.api.Context;
import spark.jobserver.api.Failure;
import spark.jobserver.api.Job;
import spark.jobserver.api.JobFilter;
import spark.jobserver.api.JobState;
import spark.jobserver.api.dao.BinaryVersion;
import spark.jobserver.api.dao.DriverRecord;
import spark.jobserver.api.dao.Expired;
import spark.jobserver.api.dao.JobDao;
import spark.jobserver.api.dao.JobInput;
import spark.jobserver.api.dao.JobInsertion;
import spark.jobserver.api.dao.RequestKey;

/** The server's memory in a SQL database. It is there while {@link Database} is. */
@Component(property = JobDao.NAME + "=spark.jobserver.io.JobSqlDAO")
public final class JobSqlDAO implements JobDao {
  private static final List<String> TABLES =
      List.of(
          "chunk",
          "binary_content",
          "binary_version",
          "context",
          "context_driver",
          "job",
          "job_dependency",
          "request_key",
          "callback");

  private final Database database;
  private final SqlBinaries binaries;
  private final SqlContexts contexts;
  private final SqlJobs jobs;

  /** A DAO over a database. */
  @Activate
  public JobSqlDAO(@Reference Database database) {
    this.database = database;
    binaries = new SqlBinaries(database);
    contexts = new SqlContexts(database);
    jobs = new SqlJobs(database);
  }

  @Override
  public void insertBinary(Binary binary, Content bytes, String owner) {
    binaries.insert(binary, bytes, owner);
  }

  @Override
  public List<Binary> latestBinaries() {
    return binaries.latest();
  }

  @Override
  public Optional<Binary> latestBinary(String name) {
    return binaries.latest(name);
  }

  @Override
  public Optional<String> binaryOwner(String name) {
    return binaries.owner(name);
  }

  @Override
  public BinaryDeletion deleteBinary(String name) {
    return binaries.delete(name);
  }

  @Override
  public Optional<Content> binaryBytes(String digest) {
    return binaries.bytes(digest);
  }

  @Override
  public boolean insertContext(Context context) {
    return contexts.insert(context);
  }

  @Override
  public boolean updateContext(Context context) {
    return contexts.update(context);
  }

  @Override
  public Optional<Context> context(String id) {
    return contexts.find(id);
  }

  @Override
  public Optional<Context> latestContext(String name) {
    return contexts.latest(name);
  }

  @Override
  public List<Context> activeContexts() {
    return contexts.active();
  }

  @Override
  public void saveDriver(DriverRecord driver) {
    contexts.saveDriver(driver);
  }

  @Override
  public Optional<DriverRecord> driver(String contextId) {
    return contexts.driver(contextId);
  }

  @Override
  public JobInsertion insertJob(Job job, JobInput input) {
    return jobs.insert(job, input);
  }

  @Override
  public Optional<JobInsertion.KeyUsed> keyUsed(String caller, String key) {
    return jobs.keyUsed(caller, key);
  }

  @Override
  public void forgetKey(String jobId) {
    jobs.forgetKey(jobId);
  }

  @Override
  public boolean endJob(
      String id,
      JobState state,
      Instant endTime,
      Optional<Failure> failure,
      Optional<Content> result) {
    return jobs.end(id, state, endTime, failure, result);
  }

  @Override
  public boolean wishKill(String id) {
    return jobs.wishKill(id);
  }

  @Override
  public List<String> killWishes() {
    return jobs.killWishes();
  }

  @Override
  public Optional<Job> job(String id) {
    return jobs.find(id);
  }

  @Override
  public List<Job> jobs(JobFilter filter, int limit) {
    return jobs.latest(filter, limit);
  }

  @Override
  public List<Job> activeJobs() {
    return jobs.active();
  }

  @Override
  public Optional<String> jobConfig(String id) {
    return jobs.config(id);
  }

  @Override
  public List<Binary> jobDependencies(String id) {
    return jobs.dependencies(id);
  }

  @Override
  public Optional<Content> result(String id) {
    return jobs.result(id);
  }

  @Override
  public Optional<String> callback(String jobId) {
    return jobs.callback(jobId);
  }

  @Override
  public List<String> pendingCallbacks() {
    return jobs.pendingCallbacks();
  }

  @Override
  public void forgetCallback(String jobId) {
    jobs.forgetCallback(jobId);
  }

  @Override
  public Expired removeEnded(Instant before, int limit) {
    return database.transaction(
        "remove what ended before " + before,
        tx ->
            new Expired(
                SqlJobs.removeEnded(tx, before, limit),
                SqlContexts.removeEnded(tx, before, limit)));
  }

  @Override
  public List<BinaryVersion> binaryVersions(String name) {
    return binaries.versions(name);
  }

  @Override
  public List<Context> contexts(Optional<String> after, int limit) {
    return contexts.inOrder(after, limit);
  }

  @Override
  public Optional<RequestKey> requestKey(String jobId) {
    return jobs.key(jobId);
  }

  @Override
  public void restoreJob(Job job, JobInput input, Optional<Content> result, boolean killWished) {
    jobs.restore(job, input, result, killWished);
  }

  @Override
  public void removeAll() {
    database.transaction(
        "remove everything",
        tx -> {
          for (String table : TABLES) {
            tx.update("delete from " + table);
          }
          return null;
        });
  }
}
