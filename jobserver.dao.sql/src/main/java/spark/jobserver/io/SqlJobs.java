package spark.jobserver.io;

import java.io.IOException;
import java.io.InputStream;
import java.io.Reader;
import java.io.StringWriter;
import java.sql.ResultSet;
import java.sql.SQLException;
import java.time.Instant;
import java.util.List;
import java.util.Optional;
import spark.jobserver.api.Binary;
import spark.jobserver.api.BinaryType;
import spark.jobserver.api.Content;
import spark.jobserver.api.Failure;
import spark.jobserver.api.Job;
import spark.jobserver.api.JobFilter;
import spark.jobserver.api.JobState;
import spark.jobserver.api.dao.Expired.ExpiredJob;
import spark.jobserver.api.dao.JobInput;
import spark.jobserver.api.dao.JobInsertion;
import spark.jobserver.api.dao.JobInsertion.KeyUsed;
import spark.jobserver.api.dao.RequestKey;

/**
 * Jobs, their configurations and their results in the database.
 *
 * <p>Lists name the index that Derby shall walk: its optimizer counts the rows of a whole query and
 * would sort all jobs to give the first few. To PostgreSQL these are comments.
 */
final class SqlJobs {
  private static final String COLUMNS =
      """
      id, context_id, context_name, epoch, binary_name, binary_type, binary_upload_time,
      binary_digest, binary_size, class_path, start_time, end_time, state, failure_message,
      failure_class, failure_stack, owner
      """;
  private static final String BY_TIME =
      """
      from job --DERBY-PROPERTIES index=JOB_BY_TIME
      """;
  private static final String BY_STATE =
      """
      from job --DERBY-PROPERTIES index=JOB_BY_STATE
      """;
  private static final String BY_OWNER =
      """
      from job --DERBY-PROPERTIES index=JOB_BY_OWNER
      """;
  private static final String ACTIVE = "state in ('STARTED', 'RUNNING')";

  private final Database database;
  private final Chunks chunks;

  SqlJobs(Database database) {
    this.database = database;
    this.chunks = new Chunks(database);
  }

  JobInsertion insert(Job job, JobInput input) {
    return database.transaction(
        "add the job " + job.id(),
        tx -> {
          if (input.key().isPresent()) {
            Optional<KeyUsed> used = RequestKeys.find(tx, input.key().get());
            if (used.isPresent()) {
              return used.get();
            }
            RequestKeys.insert(tx, input.key().get(), job.id());
          }
          Optional<Binary> gone = Dependencies.keep(tx, job.binary(), input.dependencies());
          if (gone.isPresent()) {
            tx.undo();
            return new JobInsertion.BinaryGone(gone.get().name());
          }
          insertRow(tx, job, input, Optional.empty(), false);
          return new JobInsertion.Inserted();
        });
  }

  void restore(Job job, JobInput input, Optional<Content> result, boolean killWished) {
    database.transaction(
        "restore the job " + job.id(),
        tx -> {
          if (input.key().isPresent()) {
            RequestKeys.insert(tx, input.key().get(), job.id());
          }
          insertRow(tx, job, input, result.map(Content::size), killWished);
          if (result.isPresent()) {
            insertResult(tx, job.id(), result.get());
          }
          return null;
        });
  }

  private static void insertRow(
      Transaction tx, Job job, JobInput input, Optional<Long> resultSize, boolean killWished)
      throws SQLException {
    Optional<Failure> failure = job.failure().map(tx.dialect()::storable);
    tx.update(
        """
        insert into job
          (id, context_id, context_name, epoch, binary_name, binary_key, binary_type,
           binary_upload_time, binary_digest, binary_size, class_path, start_time, end_time,
           state, kill_wished, failure_message, failure_class, failure_stack, result_size,
           config, owner, owner_key)
        values (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)
        """,
        job.id(),
        job.contextId(),
        job.contextName(),
        job.epoch(),
        job.binary().name(),
        Key.of(job.binary().name()),
        job.binary().type().label(),
        job.binary().uploadTime().toEpochMilli(),
        job.binary().digest(),
        job.binary().size(),
        job.classPath(),
        job.startTime().toEpochMilli(),
        Nullable.time(job.endTime()),
        job.state().name(),
        killWished,
        Nullable.text(failure.map(Failure::message)),
        Nullable.text(failure.map(Failure::errorClass)),
        Nullable.text(failure.map(Failure::stack)),
        Nullable.number(resultSize),
        input.config(),
        job.owner(),
        Key.of(job.owner()));
    Dependencies.insert(tx, job.id(), input.dependencies());
    if (input.callback().isPresent()) {
      tx.update(
          "insert into callback (job_id, url) values (?, ?)", job.id(), input.callback().get());
    }
  }

  boolean end(
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
    if (!Key.possible(id)) {
      return false;
    }
    return database.transaction(
        "end the job " + id,
        tx -> {
          Optional<Failure> why = failure.map(tx.dialect()::storable);
          int ended =
              tx.update(
                  """
                  update job set
                    state = ?, end_time = ?, result_size = ?,
                    failure_message = ?, failure_class = ?, failure_stack = ?
                  where id = ? and
                  """
                      + ACTIVE,
                  state.name(),
                  endTime.toEpochMilli(),
                  Nullable.number(result.map(Content::size)),
                  Nullable.text(why.map(Failure::message)),
                  Nullable.text(why.map(Failure::errorClass)),
                  Nullable.text(why.map(Failure::stack)),
                  id);
          if (ended == 1 && result.isPresent()) {
            insertResult(tx, id, result.get());
          }
          return ended == 1;
        });
  }

  private static void insertResult(Transaction tx, String id, Content result)
      throws SQLException, IOException {
    try (InputStream bytes = result.open()) {
      long size = Chunks.write(tx, owner(id), bytes);
      if (size != result.size()) {
        throw new IOException(
            "its result has " + size + " bytes where " + result.size() + " were announced");
      }
    }
  }

  boolean wishKill(String id) {
    return Key.possible(id)
        && database.transaction(
            "remember that the job " + id + " shall end",
            tx ->
                1 == tx.update("update job set kill_wished = true where id = ? and " + ACTIVE, id));
  }

  List<String> killWishes() {
    return database.transaction(
        "list the jobs that shall end",
        tx ->
            tx.list(
                "select id " + BY_STATE + "where kill_wished and " + ACTIVE,
                row -> row.getString("id")));
  }

  Optional<Job> find(String id) {
    if (!Key.possible(id)) {
      return Optional.empty();
    }
    return database.transaction(
        "look for the job " + id,
        tx -> tx.first("select " + COLUMNS + " from job where id = ?", SqlJobs::job, id));
  }

  List<Job> latest(JobFilter filter, int limit) {
    if (limit < 1 || filter.states().isEmpty()) {
      return List.of();
    }
    JobConditions conditions = JobConditions.of(filter);
    String from = index(filter);
    return database.transaction(
        "list the jobs",
        tx ->
            tx.list(
                "select "
                    + COLUMNS
                    + from
                    + conditions.sql()
                    + " order by start_time desc, id desc fetch first ? rows only",
                SqlJobs::job,
                conditions.values(limit)));
  }

  /** From which index it is read: one that has the jobs in the right order. */
  private static String index(JobFilter filter) {
    if (filter.owner().isPresent()) {
      return BY_OWNER;
    }
    return filter.states().size() == 1 ? BY_STATE : BY_TIME;
  }

  List<Job> active() {
    return database.transaction(
        "list the jobs that are not final",
        tx ->
            tx.list(
                "select " + COLUMNS + BY_STATE + "where " + ACTIVE + " order by start_time, id",
                SqlJobs::job));
  }

  List<Binary> dependencies(String id) {
    return Key.possible(id)
        ? database.transaction(
            "look for what the job " + id + " depends on", tx -> Dependencies.find(tx, id))
        : List.of();
  }

  /** The ids of the jobs that are not final and need a binary, the earliest first. */
  static List<String> activeFrom(Transaction tx, String binaryKey) throws SQLException {
    return tx.list(
        "select id "
            + BY_STATE
            + "where "
            + ACTIVE
            + """
             and (binary_key = ? or exists (
              select 1 from job_dependency
              where job_dependency.job_id = job.id and job_dependency.binary_key = ?))
            order by start_time, id
            """,
        row -> row.getString("id"),
        binaryKey,
        binaryKey);
  }

  Optional<String> config(String id) {
    if (!Key.possible(id)) {
      return Optional.empty();
    }
    return database.transaction(
        "look for the configuration of the job " + id,
        tx -> tx.first("select config from job where id = ?", SqlJobs::config, id));
  }

  /**
   * Read as a stream: measured with Derby 10.16, a text of 15 million characters takes 8 s as one
   * string, for its buffer grows by little again and again.
   */
  private static String config(ResultSet row) throws SQLException {
    StringWriter text = new StringWriter();
    try (Reader config = row.getCharacterStream("config")) {
      config.transferTo(text);
    } catch (IOException e) {
      throw new SQLException("the configuration cannot be read", e);
    }
    return text.toString();
  }

  Optional<Content> result(String id) {
    if (!Key.possible(id)) {
      return Optional.empty();
    }
    return database
        .transaction(
            "look for the result of the job " + id,
            tx ->
                tx.first(
                    "select result_size from job where id = ? and result_size is not null",
                    row -> row.getLong("result_size"),
                    id))
        .map(size -> chunks.content(owner(id), size));
  }

  Optional<KeyUsed> keyUsed(String caller, String key) {
    return database.transaction(
        "look for a request's key", tx -> RequestKeys.find(tx, caller, key));
  }

  Optional<RequestKey> key(String id) {
    return Key.possible(id)
        ? database.transaction("look for the key of the job " + id, tx -> RequestKeys.ofJob(tx, id))
        : Optional.empty();
  }

  void forgetKey(String jobId) {
    if (Key.possible(jobId)) {
      database.transaction(
          "forget the key of the job " + jobId, tx -> RequestKeys.forget(tx, jobId));
    }
  }

  Optional<String> callback(String id) {
    if (!Key.possible(id)) {
      return Optional.empty();
    }
    return database.transaction(
        "look for the callback of the job " + id,
        tx -> tx.first("select url from callback where job_id = ?", row -> row.getString(1), id));
  }

  List<String> pendingCallbacks() {
    return database.transaction(
        "list the callbacks",
        tx ->
            tx.list(
                """
                select id from job join callback on job_id = id
                where end_time is not null
                order by end_time, id
                """,
                row -> row.getString("id")));
  }

  void forgetCallback(String id) {
    if (Key.possible(id)) {
      database.transaction(
          "forget the callback of the job " + id,
          tx -> tx.update("delete from callback where job_id = ?", id));
    }
  }

  /**
   * Removes jobs that ended before a time, each with all that belongs to it, the earliest first.
   */
  static List<ExpiredJob> removeEnded(Transaction tx, Instant before, int limit)
      throws SQLException {
    List<ExpiredJob> ended =
        tx.list(
            """
            select id, context_id from job
            where end_time < ? and not exists (select 1 from callback where job_id = job.id)
            order by end_time, id
            fetch first ? rows only
            """,
            row -> new ExpiredJob(row.getString("id"), row.getString("context_id")),
            before.toEpochMilli(),
            limit);
    for (ExpiredJob job : ended) {
      tx.update("delete from chunk where owner = ?", owner(job.id()));
      RequestKeys.forget(tx, job.id());
      Dependencies.remove(tx, job.id());
      tx.update("delete from job where id = ?", job.id());
    }
    return ended;
  }

  private static String owner(String id) {
    return "result " + id;
  }

  private static Job job(ResultSet row) throws SQLException {
    return new Job(
        row.getString("id"),
        row.getString("context_id"),
        row.getString("context_name"),
        row.getInt("epoch"),
        binary(row),
        row.getString("class_path"),
        Instant.ofEpochMilli(row.getLong("start_time")),
        Nullable.time(row, "end_time"),
        JobState.valueOf(row.getString("state")),
        Nullable.failure(row),
        row.getString("owner"));
  }

  /** The binary in a row of a job or of one of its dependencies. */
  static Binary binary(ResultSet row) throws SQLException {
    return new Binary(
        row.getString("binary_name"),
        BinaryType.ofLabel(row.getString("binary_type")),
        Instant.ofEpochMilli(row.getLong("binary_upload_time")),
        row.getString("binary_digest"),
        row.getLong("binary_size"));
  }
}
