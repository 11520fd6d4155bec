package jobserver.dao.example;

import java.io.IOException;
import java.nio.file.Path;
import org.junit.jupiter.api.io.TempDir;
import spark.jobserver.api.dao.JobDao;
import spark.jobserver.api.dao.JobDaoContract;

/** All that an author of a DAO has to write to see that it does what the server counts on. */
class FileDaoTest extends JobDaoContract {
  @TempDir private Path folder;

  @Override
  protected JobDao empty() throws IOException {
    return new FileDao(folder);
  }

  @Override
  protected JobDao reopened() throws IOException {
    return new FileDao(folder);
  }
}
