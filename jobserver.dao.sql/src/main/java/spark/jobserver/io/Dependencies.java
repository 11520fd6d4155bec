package spark.jobserver.io;

import java.sql.SQLException;
import java.util.Comparator;
import java.util.List;
import java.util.Optional;
import java.util.stream.Stream;
import spark.jobserver.api.Binary;

/** The binaries that jobs import from besides their own, in the database. */
final class Dependencies {
  private Dependencies() {}

  /**
   * Makes sure that the binaries which a job needs stay on record until the transaction ends. All
   * submissions go through them in the same order, for of two that lock in different orders each
   * would wait for the other.
   *
   * @return the first that is not there
   */
  static Optional<Binary> keep(Transaction tx, Binary own, List<Binary> dependencies)
      throws SQLException {
    List<Binary> all =
        Stream.concat(Stream.of(own), dependencies.stream())
            .sorted(Comparator.comparing(Binary::name))
            .toList();
    for (Binary binary : all) {
      if (!SqlBinaries.keep(tx, binary)) {
        return Optional.of(binary);
      }
    }
    return Optional.empty();
  }

  static void insert(Transaction tx, String jobId, List<Binary> dependencies) throws SQLException {
    for (int place = 0; place < dependencies.size(); place++) {
      Binary binary = dependencies.get(place);
      tx.update(
          """
          insert into job_dependency
            (job_id, place, binary_name, binary_key, binary_type, binary_upload_time,
             binary_digest, binary_size)
          values (?, ?, ?, ?, ?, ?, ?, ?)
          """,
          jobId,
          place,
          binary.name(),
          Key.of(binary.name()),
          binary.type().label(),
          binary.uploadTime().toEpochMilli(),
          binary.digest(),
          binary.size());
    }
  }

  static List<Binary> find(Transaction tx, String jobId) throws SQLException {
    return tx.list(
        """
        select binary_name, binary_type, binary_upload_time, binary_digest, binary_size
        from job_dependency
        where job_id = ?
        order by place
        """,
        SqlJobs::binary,
        jobId);
  }

  static void remove(Transaction tx, String jobId) throws SQLException {
    tx.update("delete from job_dependency where job_id = ?", jobId);
  }
}
