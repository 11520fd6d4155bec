package spark.jobserver.io;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.Map;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.osgi.service.jdbc.DataSourceFactory;

class SqlDaoSettingsTest {
  private static final String POSTGRES = "jdbc:postgresql://db.example.org/jobserver";

  @TempDir Path folder;

  @Test
  void withoutAUrlTheDatabaseIsAFolderOfTheDataFolder() {
    assertThat(settings("", "", "").driverProperties(folder.toString()))
        .containsExactly(
            Map.entry(DataSourceFactory.JDBC_DATABASE_NAME, folder.resolve("db").toString()));
  }

  @Test
  void theUserAndTheFirstLineOfThePasswordFileGoToTheDriver() throws Exception {
    Path file = Files.writeString(folder.resolve("password"), "s3cret \nnot this\n");

    assertThat(settings(POSTGRES, "me", file.toString()).driverProperties(null))
        .containsOnly(
            Map.entry(DataSourceFactory.JDBC_URL, POSTGRES),
            Map.entry(DataSourceFactory.JDBC_USER, "me"),
            Map.entry(DataSourceFactory.JDBC_PASSWORD, "s3cret "));
  }

  @Test
  void whatCannotBeUsedIsNamed() {
    assertThatThrownBy(() -> settings("", "", "").driverProperties(null))
        .hasMessageContaining("spark.jobserver.sqldao.url");
    assertThatThrownBy(
            () ->
                settings(POSTGRES, "me", folder.resolve("none").toString()).driverProperties(null))
        .hasMessageContaining("spark.jobserver.sqldao.password-file");
    assertThatThrownBy(() -> new SqlDaoSettings("", "", "", 1, Duration.ZERO))
        .hasMessageContaining("spark.jobserver.sqldao.pool-size");
  }

  private static SqlDaoSettings settings(String url, String user, String passwordFile) {
    return new SqlDaoSettings(url, user, passwordFile, 2, Duration.ofSeconds(30));
  }
}
