package spark.jobserver.io;

import com.zaxxer.hikari.HikariConfig;
import com.zaxxer.hikari.HikariDataSource;
import java.sql.Connection;
import java.sql.SQLException;
import javax.sql.DataSource;
import org.flywaydb.core.Flyway;
import org.flywaydb.core.api.output.MigrateResult;
import org.osgi.annotation.bundle.Capability;
import org.osgi.framework.BundleContext;
import org.osgi.framework.ServiceRegistration;
import org.osgi.service.component.annotations.Activate;
import org.osgi.service.component.annotations.Component;
import org.osgi.service.component.annotations.ConfigurationPolicy;
import org.osgi.service.component.annotations.Deactivate;
import org.osgi.service.component.annotations.Reference;
import org.osgi.service.jdbc.DataSourceFactory;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;
import spark.jobserver.api.server.Measured;

/**
 * Opens the database, brings its schema up to date, and only then publishes {@link Database}. It
 * registers that service itself, for a component's own service is there before the component is.
 */
@Capability(
    namespace = "osgi.service",
    attribute = "objectClass:List<String>='spark.jobserver.io.Database'")
@Component(
    service = {},
    configurationPid = SqlDaoConfig.PID,
    configurationPolicy = ConfigurationPolicy.REQUIRE,
    property = "driver.target=(osgi.jdbc.driver.name=derby)")
public final class DatabaseOpener {
  private static final Logger LOG = LoggerFactory.getLogger(DatabaseOpener.class);
  private static final String MIGRATIONS = "classpath:spark/jobserver/io/migration";

  private final Database database;
  private final ServiceRegistration<?> registration;

  /**
   * Opens the database that the configuration names.
   *
   * @throws SQLException when the database cannot be opened or refuses
   * @throws IllegalArgumentException naming the key whose value cannot be used
   */
  @Activate
  public DatabaseOpener(
      SqlDaoConfig config,
      @Reference(name = "driver") DataSourceFactory driver,
      BundleContext context)
      throws SQLException {
    String dataFolder = context.getProperty(DerbyDataSourceFactory.DATA_FOLDER);
    database = opened(SqlDaoSettings.of(config), driver, dataFolder);
    registration =
        context.registerService(
            new String[] {Database.class.getName(), Measured.class.getName()}, database, null);
  }

  @Deactivate
  void close() {
    registration.unregister();
    database.close();
  }

  /** Says in the log why there is no store, which shows elsewhere only as a server without jobs. */
  private static Database opened(
      SqlDaoSettings settings, DataSourceFactory driver, String dataFolder) throws SQLException {
    try {
      return open(settings, driver, dataFolder);
    } catch (SQLException | RuntimeException e) {
      Throwable reason = e;
      while (reason.getCause() != null) {
        reason = reason.getCause();
      }
      LOG.error("the database cannot be opened: {}", reason.getMessage());
      throw e;
    }
  }

  /**
   * Opens a database.
   *
   * @param dataFolder the server's data folder, or null where there is none
   */
  static Database open(SqlDaoSettings settings, DataSourceFactory driver, String dataFolder)
      throws SQLException {
    DataSource source = driver.createDataSource(settings.driverProperties(dataFolder));
    HikariDataSource pool = new HikariDataSource(pool(settings, source));
    try {
      Dialect dialect = dialect(pool);
      migrate(source, dialect);
      return new Database(pool, dialect);
    } catch (SQLException | RuntimeException e) {
      pool.close();
      throw e;
    }
  }

  private static HikariConfig pool(SqlDaoSettings settings, DataSource source) {
    HikariConfig pool = new HikariConfig();
    pool.setPoolName("jobserver");
    pool.setDataSource(source);
    pool.setAutoCommit(false);
    pool.setIsolateInternalQueries(true);
    pool.setMaximumPoolSize(settings.poolSize());
    pool.setConnectionTimeout(settings.connectionTimeout().toMillis());
    pool.setInitializationFailTimeout(settings.connectionTimeout().toMillis());
    return pool;
  }

  private static Dialect dialect(DataSource source) throws SQLException {
    try (Connection connection = source.getConnection()) {
      return Dialect.of(connection.getMetaData().getDatabaseProductName());
    }
  }

  private static void migrate(DataSource source, Dialect dialect) {
    MigrateResult result =
        Flyway.configure(DatabaseOpener.class.getClassLoader())
            .dataSource(source)
            .locations(MIGRATIONS)
            .placeholders(dialect.types())
            .load()
            .migrate();
    LOG.info(
        "{}: schema version {}, {} migrations",
        dialect,
        result.targetSchemaVersion,
        result.migrationsExecuted);
  }
}
