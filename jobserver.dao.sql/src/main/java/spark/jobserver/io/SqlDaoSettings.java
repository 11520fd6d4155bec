package spark.jobserver.io;

import com.typesafe.config.ConfigException;
import com.typesafe.config.ConfigFactory;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.Map;
import java.util.Properties;
import java.util.stream.Stream;
import org.osgi.service.jdbc.DataSourceFactory;

/**
 * What {@link SqlDaoConfig} says, in types that can be reckoned with.
 *
 * @param url JDBC URL of the database; empty for Derby in the data folder
 * @param user who signs in; empty for nobody
 * @param passwordFile a file whose first line is the user's password; empty for none
 * @param poolSize the largest number of connections
 * @param connectionTimeout how long a call waits for a free connection
 */
record SqlDaoSettings(
    String url, String user, String passwordFile, int poolSize, Duration connectionTimeout) {
  private static final String DERBY_FOLDER = "db";

  SqlDaoSettings {
    if (poolSize < 2) {
      throw wrong("pool-size", "it must be at least 2, not " + poolSize, null);
    }
  }

  /**
   * Reads a configuration.
   *
   * @throws IllegalArgumentException naming the key whose value cannot be used, and why
   */
  static SqlDaoSettings of(SqlDaoConfig config) {
    return new SqlDaoSettings(
        config.url(),
        config.user(),
        config.password$_$file(),
        config.pool$_$size(),
        duration("connection-timeout", config.connection$_$timeout()));
  }

  /**
   * What a database driver is told.
   *
   * @param dataFolder the server's data folder, or null where there is none
   * @throws IllegalArgumentException naming the key whose value cannot be used, and why
   */
  Properties driverProperties(String dataFolder) {
    Properties properties = new Properties();
    if (!url.isEmpty()) {
      properties.setProperty(DataSourceFactory.JDBC_URL, url);
    } else if (dataFolder != null) {
      Path folder = Path.of(dataFolder).toAbsolutePath().resolve(DERBY_FOLDER);
      properties.setProperty(DataSourceFactory.JDBC_DATABASE_NAME, folder.toString());
    } else {
      throw wrong("url", "it is empty and there is no data folder", null);
    }
    if (!user.isEmpty()) {
      properties.setProperty(DataSourceFactory.JDBC_USER, user);
    }
    if (!passwordFile.isEmpty()) {
      properties.setProperty(DataSourceFactory.JDBC_PASSWORD, password());
    }
    return properties;
  }

  private String password() {
    try (Stream<String> lines = Files.lines(Path.of(passwordFile))) {
      return lines.findFirst().orElse("");
    } catch (IOException e) {
      throw wrong("password-file", "cannot read " + passwordFile, e);
    }
  }

  private static Duration duration(String key, String value) {
    try {
      return ConfigFactory.parseMap(Map.of("value", value)).getDuration("value");
    } catch (ConfigException e) {
      throw wrong(key, e.getMessage(), e);
    }
  }

  private static IllegalArgumentException wrong(String key, String why, Throwable cause) {
    return new IllegalArgumentException(SqlDaoConfig.PID + "." + key + " is wrong: " + why, cause);
  }
}
