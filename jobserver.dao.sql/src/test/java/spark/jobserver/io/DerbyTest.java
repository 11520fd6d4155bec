package spark.jobserver.io;

import java.nio.file.Path;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.io.TempDir;
import spark.jobserver.api.dao.JobDao;
import spark.jobserver.api.dao.JobDaoContract;

/** The contract on Derby; {@link SuddenDeathTest} shows that what is committed is on the disk. */
class DerbyTest extends JobDaoContract {
  private static final String SYNC = "derby.system.durability";

  @TempDir private static Path folder;
  private static DerbyStore store;

  @BeforeAll
  static void openWithoutWaitingForTheDisk() throws Exception {
    System.setProperty(SYNC, "test");
    store = new DerbyStore(folder);
  }

  @AfterAll
  static void close() {
    System.clearProperty(SYNC);
    store.close();
  }

  @Override
  protected JobDao empty() {
    store.dao().removeAll();
    return store.dao();
  }

  @Override
  protected JobDao reopened() throws Exception {
    store.close();
    store = new DerbyStore(folder);
    return store.dao();
  }
}
