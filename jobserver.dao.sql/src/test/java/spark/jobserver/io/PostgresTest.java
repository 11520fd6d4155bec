package spark.jobserver.io;

import static org.junit.jupiter.api.Assumptions.assumeTrue;

import java.time.Duration;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.postgresql.osgi.PGDataSourceFactory;
import spark.jobserver.api.dao.JobDao;
import spark.jobserver.api.dao.JobDaoContract;

/** The contract on a PostgreSQL of its own, where its programs are installed. */
class PostgresTest extends JobDaoContract {
  private static PostgresServer server;
  private static Database database;

  @BeforeAll
  static void startServer() throws Exception {
    assumeTrue(
        PostgresServer.isInstalled(), "PostgreSQL's initdb and postgres are not on this machine");
    server = new PostgresServer();
    open();
  }

  @AfterAll
  static void stopServer() throws Exception {
    if (database != null) {
      database.close();
    }
    if (server != null) {
      server.stop();
    }
  }

  @Override
  protected JobDao empty() {
    JobDao dao = new JobSqlDAO(database);
    dao.removeAll();
    return dao;
  }

  @Override
  protected JobDao reopened() throws Exception {
    database.close();
    open();
    return new JobSqlDAO(database);
  }

  private static void open() throws Exception {
    SqlDaoSettings settings =
        new SqlDaoSettings(
            server.url(),
            PostgresServer.USER,
            server.passwordFile().toString(),
            2,
            Duration.ofSeconds(30));
    database = DatabaseOpener.open(settings, new PGDataSourceFactory(), null);
  }
}
