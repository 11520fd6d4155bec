package spark.jobserver.core.store;

import java.io.IOException;
import java.util.HashSet;
import java.util.List;
import java.util.Optional;
import java.util.Set;
import spark.jobserver.api.Binary;
import spark.jobserver.api.Content;
import spark.jobserver.api.Context;
import spark.jobserver.api.Job;
import spark.jobserver.api.JobFilter;
import spark.jobserver.api.JobFilter.Place;
import spark.jobserver.api.dao.BinaryVersion;
import spark.jobserver.api.dao.DriverRecord;
import spark.jobserver.api.dao.JobDao;
import spark.jobserver.api.dao.JobInput;

/** Reads all of a store, some of it at a time: of jobs and contexts one page is in memory. */
final class StoreReader {
  private static final int PAGE = 100;

  private final JobDao dao;

  StoreReader(JobDao dao) {
    this.dao = dao;
  }

  /** Takes what is read, in an order in which another store can be filled. */
  interface Visitor {
    /** A version of a binary; those of a name come in their order. */
    void binary(BinaryVersion version, Content bytes) throws IOException;

    /** A context; they come in the order in which they were inserted. */
    void context(Context context, Optional<DriverRecord> driver) throws IOException;

    /** A job; the latest comes first. */
    void job(StoredJob job) throws IOException;
  }

  /** Whether there is nothing in it. */
  boolean isEmpty() {
    return dao.latestBinaries().isEmpty()
        && dao.contexts(Optional.empty(), 1).isEmpty()
        && dao.jobs(JobFilter.ALL, 1).isEmpty();
  }

  /**
   * Shows everything to a visitor.
   *
   * @throws IOException when the visitor throws it, or the store lacks what it should have
   */
  void read(Visitor visitor) throws IOException {
    binaries(visitor);
    contexts(visitor);
    jobs(visitor);
  }

  private void binaries(Visitor visitor) throws IOException {
    for (Binary latest : dao.latestBinaries()) {
      for (BinaryVersion version : dao.binaryVersions(latest.name())) {
        String digest = version.binary().digest();
        Content bytes =
            dao.binaryBytes(digest)
                .orElseThrow(
                    () ->
                        new IOException(
                            "the bytes %s of the binary %s are missing"
                                .formatted(digest, latest.name())));
        visitor.binary(version, bytes);
      }
    }
  }

  private void contexts(Visitor visitor) throws IOException {
    List<Context> page = dao.contexts(Optional.empty(), PAGE);
    while (!page.isEmpty()) {
      for (Context context : page) {
        visitor.context(context, dao.driver(context.id()));
      }
      page = dao.contexts(Optional.of(page.get(page.size() - 1).id()), PAGE);
    }
  }

  private void jobs(Visitor visitor) throws IOException {
    Set<String> wishes = new HashSet<>(dao.killWishes());
    List<Job> page = dao.jobs(JobFilter.ALL, PAGE);
    while (!page.isEmpty()) {
      for (Job job : page) {
        visitor.job(stored(job, wishes.contains(job.id())));
      }
      Place last = Place.of(page.get(page.size() - 1));
      page = dao.jobs(JobFilter.ALL.after(last), PAGE);
    }
  }

  private StoredJob stored(Job job, boolean killWished) throws IOException {
    String config =
        dao.jobConfig(job.id())
            .orElseThrow(
                () -> new IOException("the configuration of job " + job.id() + " is missing"));
    JobInput input =
        new JobInput(
            config,
            dao.jobDependencies(job.id()),
            dao.callback(job.id()),
            dao.requestKey(job.id()));
    return new StoredJob(job, input, dao.result(job.id()), killWished);
  }
}
