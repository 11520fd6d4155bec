package spark.jobserver.io;

import java.sql.Connection;
import java.sql.JDBCType;
import java.sql.PreparedStatement;
import java.sql.ResultSet;
import java.sql.SQLException;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;

/**
 * A transaction and its statements. Values are given in the order of the question marks: strings,
 * numbers, truth values, bytes; a {@link JDBCType} stands for its null.
 */
final class Transaction {
  private final Connection connection;
  private final Dialect dialect;

  Transaction(Connection connection, Dialect dialect) {
    this.connection = connection;
    this.dialect = dialect;
  }

  Dialect dialect() {
    return dialect;
  }

  /** Runs a statement that is no query; says how many rows it changed. */
  int update(String sql, Object... values) throws SQLException {
    try (PreparedStatement statement = prepared(sql, values)) {
      return statement.executeUpdate();
    }
  }

  /** The rows of a query. */
  <T> List<T> list(String sql, RowMapper<T> mapper, Object... values) throws SQLException {
    try (PreparedStatement statement = prepared(sql, values);
        ResultSet rows = statement.executeQuery()) {
      List<T> list = new ArrayList<>();
      while (rows.next()) {
        list.add(mapper.map(rows));
      }
      return list;
    }
  }

  /** The first row of a query. */
  <T> Optional<T> first(String sql, RowMapper<T> mapper, Object... values) throws SQLException {
    try (PreparedStatement statement = prepared(sql, values);
        ResultSet rows = statement.executeQuery()) {
      return rows.next() ? Optional.of(mapper.map(rows)) : Optional.empty();
    }
  }

  /** Whether a query has a row. */
  boolean exists(String sql, Object... values) throws SQLException {
    return first(sql, row -> true, values).isPresent();
  }

  /** Undoes what was done so far. */
  void undo() throws SQLException {
    connection.rollback();
  }

  private PreparedStatement prepared(String sql, Object... values) throws SQLException {
    PreparedStatement statement = connection.prepareStatement(sql);
    try {
      for (int i = 0; i < values.length; i++) {
        if (values[i] instanceof JDBCType type) {
          statement.setNull(i + 1, type.getVendorTypeNumber());
        } else {
          statement.setObject(i + 1, values[i]);
        }
      }
      return statement;
    } catch (SQLException e) {
      statement.close();
      throw e;
    }
  }

  /** Makes something of the row that a result set stands on. */
  @FunctionalInterface
  interface RowMapper<T> {
    T map(ResultSet row) throws SQLException;
  }
}
