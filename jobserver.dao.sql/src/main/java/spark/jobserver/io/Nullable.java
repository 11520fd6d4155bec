package spark.jobserver.io;

import java.sql.JDBCType;
import java.sql.ResultSet;
import java.sql.SQLException;
import java.time.Instant;
import java.util.Optional;
import spark.jobserver.api.Failure;

/** Columns that may be null: optional values on our side. */
final class Nullable {
  private Nullable() {}

  /** A value for {@link Transaction}'s statements. */
  static Object text(Optional<String> text) {
    return text.<Object>map(value -> value).orElse(JDBCType.VARCHAR);
  }

  /** A value for {@link Transaction}'s statements. */
  static Object number(Optional<Long> number) {
    return number.<Object>map(value -> value).orElse(JDBCType.BIGINT);
  }

  /** A time, as milliseconds, for {@link Transaction}'s statements. */
  static Object time(Optional<Instant> time) {
    return number(time.map(Instant::toEpochMilli));
  }

  static Optional<String> text(ResultSet row, String column) throws SQLException {
    return Optional.ofNullable(row.getString(column));
  }

  static Optional<Instant> time(ResultSet row, String column) throws SQLException {
    long time = row.getLong(column);
    return row.wasNull() ? Optional.empty() : Optional.of(Instant.ofEpochMilli(time));
  }

  /** What the columns {@code failure_…} say. */
  static Optional<Failure> failure(ResultSet row) throws SQLException {
    String message = row.getString("failure_message");
    return message == null
        ? Optional.empty()
        : Optional.of(
            new Failure(message, row.getString("failure_class"), row.getString("failure_stack")));
  }
}
