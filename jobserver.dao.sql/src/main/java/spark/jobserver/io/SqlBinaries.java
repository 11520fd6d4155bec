package spark.jobserver.io;

import java.io.IOException;
import java.io.InputStream;
import java.security.DigestInputStream;
import java.sql.ResultSet;
import java.sql.SQLException;
import java.time.Instant;
import java.util.Comparator;
import java.util.HexFormat;
import java.util.List;
import java.util.Optional;
import spark.jobserver.api.Binary;
import spark.jobserver.api.BinaryType;
import spark.jobserver.api.Content;
import spark.jobserver.api.dao.BinaryVersion;
import spark.jobserver.api.dao.JobDao.BinaryDeletion;

/**
 * Binaries in the database.
 *
 * <p>Who locks what: an upload keeps the row of its bytes, a submission keeps the row of its
 * version ({@link #keep}), and a deletion claims both: the bytes first, as an upload does, for of
 * two that lock in different orders each would wait for the other. So bytes do not go while an
 * upload counts on them, and a version does not go while a job starts from it. A job that is not
 * final has its version on record, so bytes that no version has are needed by nobody.
 */
final class SqlBinaries {
  private final Database database;
  private final Chunks chunks;

  SqlBinaries(Database database) {
    this.database = database;
    this.chunks = new Chunks(database);
  }

  void insert(Binary binary, Content bytes, String owner) {
    database.transaction(
        "store the binary " + binary.name(),
        tx -> {
          if (!keepBytes(tx, binary.digest())) {
            insertBytes(tx, binary, bytes);
          }
          return tx.update(
              """
              insert into binary_version
                (name, name_key, binary_type, upload_time, digest, size_in_bytes, owner)
              values (?, ?, ?, ?, ?, ?, ?)
              """,
              binary.name(),
              Key.of(binary.name()),
              binary.type().label(),
              binary.uploadTime().toEpochMilli(),
              binary.digest(),
              binary.size(),
              owner);
        });
  }

  private static boolean keepBytes(Transaction tx, String digest) throws SQLException {
    return tx.exists(
        "select digest from binary_content where digest = ?" + tx.dialect().keep(), digest);
  }

  private static void insertBytes(Transaction tx, Binary binary, Content bytes)
      throws SQLException, IOException {
    try (InputStream stream = bytes.open();
        DigestInputStream digesting = new DigestInputStream(stream, Key.sha256())) {
      long size = Chunks.write(tx, chunks(binary.digest()), digesting);
      String digest = HexFormat.of().formatHex(digesting.getMessageDigest().digest());
      if (size != binary.size() || !digest.equals(binary.digest())) {
        throw new IOException("its bytes are not those that were announced");
      }
    }
    tx.update(
        "insert into binary_content (digest, size_in_bytes) values (?, ?)",
        binary.digest(),
        binary.size());
  }

  List<Binary> latest() {
    return database
        .transaction(
            "list the binaries",
            tx ->
                tx.list(
                    """
                    select name, binary_type, upload_time, digest, size_in_bytes
                    from binary_version
                    where version in (select max(version) from binary_version group by name_key)
                    """,
                    SqlBinaries::binary))
        .stream()
        .sorted(Comparator.comparing(Binary::name))
        .toList();
  }

  Optional<Binary> latest(String name) {
    return database.transaction(
        "look for the binary " + name,
        tx ->
            tx.first(
                """
                select name, binary_type, upload_time, digest, size_in_bytes
                from binary_version
                where name_key = ?
                order by version desc
                fetch first 1 rows only
                """,
                SqlBinaries::binary,
                Key.of(name)));
  }

  List<BinaryVersion> versions(String name) {
    return database.transaction(
        "list the versions of the binary " + name,
        tx ->
            tx.list(
                """
                select name, binary_type, upload_time, digest, size_in_bytes, owner
                from binary_version
                where name_key = ?
                order by version
                """,
                row -> new BinaryVersion(binary(row), row.getString("owner")),
                Key.of(name)));
  }

  Optional<String> owner(String name) {
    return database.transaction(
        "look for who uploaded the binary " + name,
        tx ->
            tx.first(
                """
                select owner from binary_version
                where name_key = ?
                order by version desc
                fetch first 1 rows only
                """,
                row -> row.getString("owner"),
                Key.of(name)));
  }

  BinaryDeletion delete(String name) {
    String key = Key.of(name);
    return database.transaction(
        "delete the binary " + name,
        tx -> {
          List<String> mayGo = digests(tx, key, "");
          for (String digest : mayGo) {
            claimBytes(tx, digest);
          }
          List<String> claimed = digests(tx, key, tx.dialect().claim());
          if (claimed.isEmpty()) {
            return new BinaryDeletion.Unknown();
          }
          if (!mayGo.containsAll(claimed)) {
            throw Database.again("a version was uploaded meanwhile");
          }
          tx.update("delete from binary_version where name_key = ?", key);
          List<String> jobs = SqlJobs.activeFrom(tx, key);
          if (!jobs.isEmpty()) {
            tx.undo();
            return new BinaryDeletion.InUse(jobs);
          }
          for (String digest : mayGo) {
            deleteUnusedBytes(tx, digest);
          }
          return new BinaryDeletion.Deleted();
        });
  }

  /** The bytes of a name's versions, in the order in which all that claim them do. */
  private static List<String> digests(Transaction tx, String key, String lock) throws SQLException {
    return tx
        .list(
            "select digest from binary_version where name_key = ?" + lock,
            row -> row.getString("digest"),
            key)
        .stream()
        .distinct()
        .sorted()
        .toList();
  }

  private static void claimBytes(Transaction tx, String digest) throws SQLException {
    tx.update("update binary_content set size_in_bytes = size_in_bytes where digest = ?", digest);
  }

  private static void deleteUnusedBytes(Transaction tx, String digest) throws SQLException {
    if (!tx.exists("select version from binary_version where digest = ?", digest)) {
      tx.update("delete from binary_content where digest = ?", digest);
      Chunks.delete(tx, chunks(digest));
    }
  }

  /**
   * Makes sure that a version stays on record until the transaction ends.
   *
   * @return false when it is not there
   */
  static boolean keep(Transaction tx, Binary binary) throws SQLException {
    return tx.exists(
        """
        select version from binary_version --DERBY-PROPERTIES index=BINARY_VERSION_BY_NAME
        where name_key = ? and upload_time = ? and digest = ? and binary_type = ?
        """
            + tx.dialect().keep(),
        Key.of(binary.name()),
        binary.uploadTime().toEpochMilli(),
        binary.digest(),
        binary.type().label());
  }

  Optional<Content> bytes(String digest) {
    if (!Key.possible(digest)) {
      return Optional.empty();
    }
    return database
        .transaction(
            "look for the bytes " + digest,
            tx ->
                tx.first(
                    "select size_in_bytes from binary_content where digest = ?",
                    row -> row.getLong("size_in_bytes"),
                    digest))
        .map(size -> chunks.content(chunks(digest), size));
  }

  /** Whose chunks the bytes of binaries are. */
  private static String chunks(String digest) {
    return "binary " + digest;
  }

  private static Binary binary(ResultSet row) throws SQLException {
    return new Binary(
        row.getString("name"),
        BinaryType.ofLabel(row.getString("binary_type")),
        Instant.ofEpochMilli(row.getLong("upload_time")),
        row.getString("digest"),
        row.getLong("size_in_bytes"));
  }
}
