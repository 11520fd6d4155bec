package spark.jobserver.io;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.nio.file.Path;
import java.sql.SQLException;
import java.util.Properties;
import org.apache.derby.iapi.jdbc.AutoloadedDriver;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** Derby ends a database whose disk is full, and all connections with it. */
class LostConnectionTest {
  @TempDir private Path folder;

  @Test
  void whoMeetsADeadConnectionGetsAnother() throws Exception {
    try (DerbyStore store = new DerbyStore(folder)) {
      // A connection that was used just now is not looked at before it is used again.
      assertThat(store.dao().latestBinaries()).isEmpty();
      endDatabase();
      assertThat(store.dao().latestBinaries()).isEmpty();
    }
  }

  private void endDatabase() {
    String url = "jdbc:derby:" + folder.resolve("db") + ";shutdown=true";
    assertThatThrownBy(() -> new AutoloadedDriver().connect(url, new Properties()))
        .isInstanceOfSatisfying(
            SQLException.class, ended -> assertThat(ended.getSQLState()).isEqualTo("08006"));
  }
}
