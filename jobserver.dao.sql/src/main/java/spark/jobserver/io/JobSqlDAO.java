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
import spark.jobserver.api.JobState;
import spark.jobserver.api.dao.DriverRecord;
import spark.jobserver.api.dao.JobDao;

/** The server's memory in a SQL database. It is there while {@link Database} is. */
@Component(property = JobDao.NAME + "=spark.jobserver.io.JobSqlDAO")
public final class JobSqlDAO implements JobDao {
  private final SqlBinaries binaries;
  private final SqlContexts contexts;
  private final SqlJobs jobs;

  /** A DAO over a database. */
  @Activate
  public JobSqlDAO(@Reference Database database) {
    binaries = new SqlBinaries(database);
    contexts = new SqlContexts(database);
    jobs = new SqlJobs(database);
  }

  @Override
  public void insertBinary(Binary binary, Content bytes) {
    binaries.insert(binary, bytes);
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
  public boolean insertJob(Job job, String config) {
    return jobs.insert(job, config);
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
  public List<Job> jobs(int limit, Optional<JobState> state) {
    return jobs.latest(limit, state);
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
  public Optional<Content> result(String id) {
    return jobs.result(id);
  }
}
