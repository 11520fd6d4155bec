package spark.jobserver.io;

import java.io.IOException;
import java.nio.file.Path;
import java.sql.SQLException;
import java.time.Duration;
import spark.jobserver.api.dao.JobDao;

/** A DAO on Derby in a data folder, as a server has it. */
final class DerbyStore implements AutoCloseable {
  private static final SqlDaoSettings SETTINGS =
      new SqlDaoSettings("", "", "", 8, Duration.ofSeconds(30));

  private final DerbyDataSourceFactory derby;
  private final Database database;

  DerbyStore(Path dataFolder) throws IOException, SQLException {
    derby = new DerbyDataSourceFactory(dataFolder.toString());
    database = DatabaseOpener.open(SETTINGS, derby, dataFolder.toString());
  }

  JobDao dao() {
    return new JobSqlDAO(database);
  }

  Database database() {
    return database;
  }

  @Override
  public void close() {
    database.close();
    derby.close();
  }
}
