package spark.jobserver.io;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.sql.Driver;
import java.sql.SQLException;
import java.util.Map;
import java.util.Properties;
import org.apache.derby.iapi.jdbc.AutoloadedDriver;
import org.apache.derby.jdbc.BasicEmbeddedConnectionPoolDataSource40;
import org.apache.derby.jdbc.BasicEmbeddedDataSource40;
import org.apache.derby.jdbc.BasicEmbeddedXADataSource40;
import org.osgi.framework.BundleContext;
import org.osgi.service.component.annotations.Activate;
import org.osgi.service.component.annotations.Component;
import org.osgi.service.component.annotations.Deactivate;
import org.osgi.service.jdbc.DataSourceFactory;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Embedded Derby, offered as the bundle of any other driver offers its own. The engine runs while
 * somebody uses this service. All its files are in the server's data folder.
 */
@Component(
    property = {
      DataSourceFactory.OSGI_JDBC_DRIVER_NAME + "=derby",
      DataSourceFactory.OSGI_JDBC_DRIVER_CLASS + "=org.apache.derby.iapi.jdbc.AutoloadedDriver"
    })
public final class DerbyDataSourceFactory implements DataSourceFactory {
  /** The framework property that names the server's data folder. */
  static final String DATA_FOLDER = "jobserver.data";

  private static final Logger LOG = LoggerFactory.getLogger(DerbyDataSourceFactory.class);
  private static final String URL_PREFIX = "jdbc:derby:";
  private static final String ENGINE_STOPPED = "XJ015";

  /**
   * How long a transaction waits for a lock, and when a wait is looked at for a deadlock, in
   * seconds; and how many pages are held in memory, half of what Derby would hold: with 1,000 they
   * grow by 11 MB while 10,000 jobs run.
   */
  private static final Map<String, String> SETTINGS =
      Map.of(
          "derby.locks.waitTimeout", "20",
          "derby.locks.deadlockTimeout", "2",
          "derby.storage.pageCacheSize", "500");

  /** Prepares the engine, which reads system properties when it starts. */
  @Activate
  public DerbyDataSourceFactory(BundleContext context) throws IOException {
    this(context.getProperty(DATA_FOLDER));
  }

  /**
   * Prepares the engine.
   *
   * @param dataFolder where its files go, or null for the working directory
   */
  DerbyDataSourceFactory(String dataFolder) throws IOException {
    SETTINGS.forEach(System::setProperty);
    if (dataFolder != null) {
      Path folder = Path.of(dataFolder).toAbsolutePath();
      Path log = Files.createDirectories(folder.resolve("log"));
      System.setProperty("derby.system.home", folder.toString());
      System.setProperty("derby.stream.error.file", log.resolve("derby.log").toString());
    }
  }

  /** Stops the engine: its databases are closed cleanly and its threads end. */
  @Deactivate
  void close() {
    try {
      new AutoloadedDriver().connect(URL_PREFIX + ";shutdown=true", new Properties());
    } catch (SQLException e) {
      if (!ENGINE_STOPPED.equals(e.getSQLState())) {
        LOG.warn("Derby did not stop cleanly; it recovers at the next start", e);
      }
    }
  }

  @Override
  public BasicEmbeddedDataSource40 createDataSource(Properties properties) throws SQLException {
    return configured(new BasicEmbeddedDataSource40(), properties);
  }

  @Override
  public BasicEmbeddedConnectionPoolDataSource40 createConnectionPoolDataSource(
      Properties properties) throws SQLException {
    return configured(new BasicEmbeddedConnectionPoolDataSource40(), properties);
  }

  @Override
  public BasicEmbeddedXADataSource40 createXADataSource(Properties properties) throws SQLException {
    return configured(new BasicEmbeddedXADataSource40(), properties);
  }

  @Override
  public Driver createDriver(Properties properties) {
    return new AutoloadedDriver();
  }

  /**
   * Takes the database from its URL, or from its name: then it is a folder, made where it is not.
   */
  private static <T extends BasicEmbeddedDataSource40> T configured(T source, Properties properties)
      throws SQLException {
    String url = properties.getProperty(JDBC_URL);
    if (url == null) {
      source.setDatabaseName(properties.getProperty(JDBC_DATABASE_NAME));
      source.setCreateDatabase("create");
    } else if (url.startsWith(URL_PREFIX)) {
      String[] nameAndAttributes = url.substring(URL_PREFIX.length()).split(";", 2);
      source.setDatabaseName(nameAndAttributes[0]);
      if (nameAndAttributes.length == 2) {
        source.setConnectionAttributes(nameAndAttributes[1]);
      }
    } else {
      throw new SQLException("Derby's URLs start with " + URL_PREFIX + ", not so " + url);
    }
    source.setUser(properties.getProperty(JDBC_USER));
    source.setPassword(properties.getProperty(JDBC_PASSWORD));
    return source;
  }
}
