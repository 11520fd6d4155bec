package spark.jobserver.io;

import com.zaxxer.hikari.HikariDataSource;
import com.zaxxer.hikari.HikariPoolMXBean;
import java.io.IOException;
import java.sql.Connection;
import java.sql.SQLException;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.Set;
import java.util.concurrent.ThreadLocalRandom;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.locks.LockSupport;
import java.util.stream.Stream;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;
import spark.jobserver.api.FullDisk;
import spark.jobserver.api.dao.DaoException;
import spark.jobserver.api.dao.StoreFullException;
import spark.jobserver.api.server.Measured;
import spark.jobserver.api.server.Measurement;

/**
 * A database whose schema is current. May be used from any thread; each transaction has a
 * connection of the pool for as long as it lasts.
 */
final class Database implements Measured, AutoCloseable {
  private static final Logger LOG = LoggerFactory.getLogger(Database.class);

  /** How often a transaction is tried that others get in the way of. */
  private static final int ATTEMPTS = 10;

  /** How long such a transaction stands aside at the most before it is tried again. */
  private static final long PAUSE_NANOS = TimeUnit.MILLISECONDS.toNanos(20);

  /** The state of a transaction that could not be put in order with the others. */
  private static final String CLASHED = "40001";

  private static final Set<String> FULL_STATES = Set.of("53100", "XSDG1");

  private final HikariDataSource pool;
  private final Dialect dialect;

  /**
   * Takes over a pool.
   *
   * @param pool its connections do not commit by themselves
   */
  Database(HikariDataSource pool, Dialect dialect) {
    this.pool = pool;
    this.dialect = dialect;
  }

  /**
   * Does some work in a transaction and commits it. Work that clashes with another transaction is
   * undone and done again, so it must be repeatable; so is work whose connection turns out to be
   * dead, as all are when Derby has ended on a full disk.
   *
   * @param purpose what it is for, to go on after "cannot"
   * @throws DaoException when it fails; it is undone then
   */
  <T> T transaction(String purpose, Work<T> work) {
    for (int attempt = 1; ; attempt++) {
      try {
        return attempt(work);
      } catch (SQLException e) {
        if (attempt == ATTEMPTS || !clashed(e)) {
          throw failure(purpose, e);
        }
        LOG.debug("Again, for it could not be done: {}", purpose, e);
        LockSupport.parkNanos(ThreadLocalRandom.current().nextLong(PAUSE_NANOS));
      } catch (IOException e) {
        throw failure(purpose, e);
      }
    }
  }

  @SuppressWarnings("try") // a connection of the pool is given back, whoever was interrupted
  private <T> T attempt(Work<T> work) throws SQLException, IOException {
    try (Connection connection = pool.getConnection()) {
      boolean committed = false;
      try {
        T result = done(work, connection);
        connection.commit();
        committed = true;
        return result;
      } finally {
        if (!committed) {
          undo(connection);
        }
      }
    }
  }

  private <T> T done(Work<T> work, Connection connection) throws SQLException, IOException {
    try {
      return work.in(new Transaction(connection, dialect));
    } catch (SQLException e) {
      if (lost(e)) {
        throw again(e.getMessage(), e);
      }
      throw e;
    }
  }

  /** Whether the connection is dead (class 08): what is not committed is undone then. */
  private static boolean lost(SQLException error) {
    String state = error.getSQLState();
    return state != null && state.startsWith("08");
  }

  private static void undo(Connection connection) {
    try {
      connection.rollback();
    } catch (SQLException e) {
      LOG.warn("A transaction that failed could not be undone; its connection is closed", e);
    }
  }

  private static DaoException failure(String purpose, Exception cause) {
    String words = "cannot " + purpose + ": " + cause.getMessage();
    return FullDisk.isToldBy(cause) || causes(cause).anyMatch(Database::hasStateOfAFullDisk)
        ? new StoreFullException(words, cause)
        : new DaoException(words, cause);
  }

  private static Stream<Throwable> causes(Throwable error) {
    return Stream.iterate(error, Objects::nonNull, Throwable::getCause);
  }

  /**
   * PostgreSQL has a state for it (53100, disk full); of a page that could not be written, Derby
   * supposes it (XSDG1).
   */
  private static boolean hasStateOfAFullDisk(Throwable cause) {
    return cause instanceof SQLException error && FULL_STATES.contains(error.getSQLState());
  }

  /** What work throws that is to be undone and done again. */
  static SQLException again(String why) {
    return again(why, null);
  }

  private static SQLException again(String why, Throwable cause) {
    return new SQLException(why, CLASHED, cause);
  }

  /**
   * Whether another transaction got in the way: a deadlock or a lock that was not free in time
   * (class 40; Derby's are 40001, 40XL1 and 40XL2), or the same key inserted meanwhile (23505),
   * which the next attempt finds.
   */
  private static boolean clashed(SQLException error) {
    String state = error.getSQLState();
    return state != null && (state.startsWith("40") || state.equals("23505"));
  }

  @Override
  public List<Measurement> measurements() {
    HikariPoolMXBean now = pool.getHikariPoolMXBean();
    return List.of(
        connections("in_use", now.getActiveConnections()),
        connections("idle", now.getIdleConnections()),
        Measurement.gauge(
            "jobserver_dao_connections_max",
            "Connections to the database that there may be",
            Map.of(),
            pool.getMaximumPoolSize()),
        Measurement.gauge(
            "jobserver_dao_waiting",
            "Transactions that wait for a connection to the database",
            Map.of(),
            now.getThreadsAwaitingConnection()));
  }

  private static Measurement connections(String state, int count) {
    return Measurement.gauge(
        "jobserver_dao_connections", "Connections to the database", Map.of("state", state), count);
  }

  @Override
  public void close() {
    pool.close();
  }

  /** What is done in a transaction. */
  @FunctionalInterface
  interface Work<T> {
    T in(Transaction transaction) throws SQLException, IOException;
  }
}
