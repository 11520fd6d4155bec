package spark.jobserver.io;

import static java.nio.charset.StandardCharsets.UTF_8;

import java.sql.SQLException;
import java.util.Optional;
import spark.jobserver.api.dao.JobInsertion.KeyUsed;
import spark.jobserver.api.dao.RequestKey;

/** The keys of requests in the database. They can be any text, so they are found by a digest. */
final class RequestKeys {
  private RequestKeys() {}

  static Optional<KeyUsed> find(Transaction tx, RequestKey key) throws SQLException {
    return find(tx, key.caller(), key.key());
  }

  static Optional<KeyUsed> find(Transaction tx, String caller, String key) throws SQLException {
    return tx.first(
        "select job_id, request from request_key where id = ?",
        row -> new KeyUsed(row.getString("job_id"), row.getString("request")),
        id(caller, key));
  }

  static void insert(Transaction tx, RequestKey key, String jobId) throws SQLException {
    tx.update(
        """
        insert into request_key (id, job_id, request, caller, key_text) values (?, ?, ?, ?, ?)
        """,
        id(key.caller(), key.key()),
        jobId,
        key.request(),
        key.caller().getBytes(UTF_8),
        key.key().getBytes(UTF_8));
  }

  /** The key of a job, unless it is older than the columns of its text. */
  static Optional<RequestKey> ofJob(Transaction tx, String jobId) throws SQLException {
    return tx.first(
        "select caller, key_text, request from request_key where job_id = ? and caller is not null",
        row ->
            new RequestKey(
                new String(row.getBytes("caller"), UTF_8),
                new String(row.getBytes("key_text"), UTF_8),
                row.getString("request")),
        jobId);
  }

  static int forget(Transaction tx, String jobId) throws SQLException {
    return tx.update("delete from request_key where job_id = ?", jobId);
  }

  /** Its first part tells where the caller ends, so that no two pairs have the same. */
  private static String id(String caller, String key) {
    return Key.of(caller.length() + " " + caller + key);
  }
}
