package spark.jobserver.api.dao;

import java.time.Instant;
import java.util.List;
import java.util.Optional;
import org.osgi.annotation.versioning.ConsumerType;
import spark.jobserver.api.Binary;
import spark.jobserver.api.Content;
import spark.jobserver.api.Context;
import spark.jobserver.api.Failure;
import spark.jobserver.api.Job;
import spark.jobserver.api.JobFilter;
import spark.jobserver.api.JobState;

/**
 * The memory of the server: binaries, contexts, jobs. A bundle publishes it as an OSGi service with
 * the property {@link #NAME}, by which {@code spark.jobserver.jobdao} chooses it.
 *
 * <p>Every method may be called from any thread, is one transaction, and returns when what it
 * changed is durable. Every method throws {@link DaoException} when the store cannot be reached or
 * refuses; nothing has changed then. The rules below are what the server's guarantees stand on, and
 * {@code JobDaoContract} tests them for any implementation.
 */
@ConsumerType
public interface JobDao {
  /** The service property that holds the name, by custom the class name. */
  String NAME = "job.dao";

  // Binaries

  /**
   * Adds a version of a binary. The same bytes are stored once, under however many names. Nothing
   * of it is visible before all of it is.
   *
   * @param owner the name of the caller who uploaded it, or empty
   */
  void insertBinary(Binary binary, Content bytes, String owner);

  /** The latest version of every name, ordered by name. */
  List<Binary> latestBinaries();

  /** The latest version of a name. */
  Optional<Binary> latestBinary(String name);

  /** Who uploaded the latest version of a name: what {@link #insertBinary} was told. */
  Optional<String> binaryOwner(String name);

  /**
   * Removes all versions of a name, unless a job that is not final was started from any of them or
   * depends on one. Bytes that another name or a job that is not final still needs stay.
   */
  BinaryDeletion deleteBinary(String name);

  /**
   * The bytes with this SHA-256, if there are any. Reading them slowly holds up nobody: no
   * transaction or connection lasts as long as the stream.
   */
  Optional<Content> binaryBytes(String digest);

  /** What became of {@link #deleteBinary}. */
  sealed interface BinaryDeletion {
    /** It is gone. */
    record Deleted() implements BinaryDeletion {}

    /** There is no binary of that name. */
    record Unknown() implements BinaryDeletion {}

    /** It stays, for these jobs need it. */
    record InUse(List<String> jobIds) implements BinaryDeletion {
      public InUse {
        jobIds = List.copyOf(jobIds);
      }
    }
  }

  // Contexts

  /**
   * Adds a context: one that was just asked for, or, from another store, one in any state.
   *
   * @return false, and nothing is added, when a context of this name is not final
   */
  boolean insertContext(Context context);

  /**
   * Replaces the row with this id.
   *
   * @return false, and nothing is changed, when the context on record is final or there is none
   */
  boolean updateContext(Context context);

  /** The context with this id. */
  Optional<Context> context(String id);

  /** The latest context of this name, final ones too. */
  Optional<Context> latestContext(String name);

  /** All contexts that are not final, the latest first. */
  List<Context> activeContexts();

  /** Adds or replaces what is known of a context's driver. */
  void saveDriver(DriverRecord driver);

  /** What is known of a context's driver. */
  Optional<DriverRecord> driver(String contextId);

  // Jobs

  /**
   * Adds a job, unless the version of its binary or of one that it depends on is no longer there,
   * or its request's key was used. The key is on record for as long as the job, unless {@link
   * #forgetKey} is called.
   */
  JobInsertion insertJob(Job job, JobInput input);

  /**
   * The job that a request with this key was answered with.
   *
   * @return the same as {@link #insertJob} with that key would, if the key was used
   */
  Optional<JobInsertion.KeyUsed> keyUsed(String caller, String key);

  /** Forgets the key that the request for a job had, so that it may be used again. */
  void forgetKey(String jobId);

  /**
   * Ends a job: state, failure and result in one transaction. A final state never changes, so of
   * several calls for a job exactly one returns true.
   *
   * @param state a final state
   * @param result the JSON text of the result, for {@link JobState#FINISHED} only
   * @return false, and nothing is changed, when the job is already final or there is none
   */
  boolean endJob(
      String id,
      JobState state,
      Instant endTime,
      Optional<Failure> failure,
      Optional<Content> result);

  /**
   * Remembers that a caller wants a job to end, until the job is final.
   *
   * @return false, and nothing is changed, when the job is already final or there is none
   */
  boolean wishKill(String id);

  /** The ids of the jobs that are not final and that {@link #wishKill} was called for. */
  List<String> killWishes();

  /** The job with this id. */
  Optional<Job> job(String id);

  /**
   * The latest jobs, by start time and then by id, the latest first.
   *
   * @param limit how many at the most
   */
  List<Job> jobs(JobFilter filter, int limit);

  /** All jobs that are not final, the earliest first. */
  List<Job> activeJobs();

  /** The configuration of a job. */
  Optional<String> jobConfig(String id);

  /** The binaries that a job depends on besides its own, in their order; none of an unknown job. */
  List<Binary> jobDependencies(String id);

  /**
   * The result of a FINISHED job, the same bytes every time. As with {@link #binaryBytes}, reading
   * slowly holds up nobody.
   */
  Optional<Content> result(String id);

  // Callbacks

  /** The URL that shall be told of a job's end, unless {@link #forgetCallback} was called. */
  Optional<String> callback(String jobId);

  /** The ids of the final jobs with a {@link #callback}, the earliest first. */
  List<String> pendingCallbacks();

  /** Forgets the callback of a job: its URL was told, or shall not be told any more. */
  void forgetCallback(String jobId);

  // History

  /**
   * Removes what ended before a time: final jobs with their configurations, results and keys, and
   * final contexts that no job on record has run in. Jobs with a callback that is pending stay.
   *
   * @param limit how many jobs, and how many contexts, at the most; the earliest first
   */
  Expired removeEnded(Instant before, int limit);

  // Moving to another store. While one is read or filled by these, nothing else uses it.

  /** All versions of a binary, in the order in which they were inserted; none of no binary. */
  List<BinaryVersion> binaryVersions(String name);

  /**
   * Contexts in any state, in the order in which they were inserted.
   *
   * @param after the id of the context that they come after, or empty for the first
   * @param limit how many at the most
   * @return none when there is no context with that id
   */
  List<Context> contexts(Optional<String> after, int limit);

  /** The key that the request for a job had, unless {@link #forgetKey} was called. */
  Optional<RequestKey> requestKey(String jobId);

  /**
   * Adds a job as another store has it, in any state, whether its binaries are there or not.
   *
   * @param result of a FINISHED job only
   * @param killWished whether {@link #wishKill} was called for it, which is not final
   */
  void restoreJob(Job job, JobInput input, Optional<Content> result, boolean killWished);

  /** Removes everything. */
  void removeAll();
}
