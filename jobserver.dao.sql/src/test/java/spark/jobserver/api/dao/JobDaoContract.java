package spark.jobserver.api.dao;

import org.junit.jupiter.api.Nested;

/**
 * What every {@link JobDao} must do. To test one, extend this class. A DAO with a pool of
 * connections should be opened with fewer than ten, so that readers that hold one are noticed.
 */
public abstract class JobDaoContract {
  /** A DAO over a store that is empty. Called before each test. */
  protected abstract JobDao empty() throws Exception;

  /** Closes the store of the current test and opens it again: a DAO that remembers nothing else. */
  protected abstract JobDao reopened() throws Exception;

  @Nested
  class Binaries extends BinariesContract {
    @Override
    JobDaoContract contract() {
      return JobDaoContract.this;
    }
  }

  @Nested
  class Contexts extends ContextsContract {
    @Override
    JobDaoContract contract() {
      return JobDaoContract.this;
    }
  }

  @Nested
  class Jobs extends JobsContract {
    @Override
    JobDaoContract contract() {
      return JobDaoContract.this;
    }
  }

  @Nested
  class JobLists extends JobListsContract {
    @Override
    JobDaoContract contract() {
      return JobDaoContract.this;
    }
  }

  @Nested
  class RequestKeys extends RequestKeysContract {
    @Override
    JobDaoContract contract() {
      return JobDaoContract.this;
    }
  }

  @Nested
  class History extends HistoryContract {
    @Override
    JobDaoContract contract() {
      return JobDaoContract.this;
    }
  }

  @Nested
  class LookUp extends LookUpContract {
    @Override
    JobDaoContract contract() {
      return JobDaoContract.this;
    }
  }

  @Nested
  class Moving extends MovingContract {
    @Override
    JobDaoContract contract() {
      return JobDaoContract.this;
    }
  }

  @Nested
  class Concurrency extends ConcurrencyContract {
    @Override
    JobDaoContract contract() {
      return JobDaoContract.this;
    }
  }
}
