package spark.jobserver.io;

import java.io.IOException;
import java.nio.file.Path;
import java.sql.SQLException;
import java.time.Instant;
import java.util.Arrays;
import java.util.HexFormat;
import java.util.Optional;
import java.util.function.Predicate;
import spark.jobserver.api.Binary;
import spark.jobserver.api.BinaryType;
import spark.jobserver.api.Content;
import spark.jobserver.api.Context;
import spark.jobserver.api.Job;
import spark.jobserver.api.JobState;
import spark.jobserver.api.dao.DriverRecord;
import spark.jobserver.api.dao.JobDao;
import spark.jobserver.api.dao.JobDao.BinaryDeletion;
import spark.jobserver.api.dao.JobInput;
import spark.jobserver.api.dao.JobInsertion;

/** A process that does one thing to a database, says so, and waits to be killed. */
final class Victim {
  static final byte[] BYTES = new byte[(2 << 20) + 1];

  static {
    Arrays.fill(BYTES, (byte) 7);
  }

  static final Binary BINARY = binary("kept", BYTES);
  static final Binary GONE = binary("gone", new byte[] {1});
  static final Context CONTEXT =
      Context.started("context", "python", "factory", "{}", Instant.EPOCH, "bundle", "");
  static final DriverRecord DRIVER = new DriverRecord("context", 1, "process", "token", "key");
  static final Job RUNNING = job("running");
  static final Job FINISHED = job("finished");

  private Victim() {}

  /** What can be done last, in this order. */
  enum Step {
    INSERTS_A_BINARY(dao -> insert(dao, BINARY, BYTES)),
    DELETES_A_BINARY(
        dao ->
            insert(dao, GONE, new byte[] {1})
                && dao.deleteBinary("gone") instanceof BinaryDeletion.Deleted),
    INSERTS_A_CONTEXT(dao -> dao.insertContext(CONTEXT)),
    UPDATES_IT(dao -> dao.updateContext(CONTEXT.stopping())),
    SAVES_A_DRIVER(
        dao -> {
          dao.saveDriver(DRIVER);
          return true;
        }),
    INSERTS_A_JOB(dao -> insert(dao, RUNNING)),
    WISHES_TO_KILL_IT(dao -> dao.wishKill(RUNNING.id())),
    ENDS_A_JOB(
        dao ->
            insert(dao, FINISHED)
                && dao.endJob(
                    FINISHED.id(),
                    JobState.FINISHED,
                    Instant.EPOCH,
                    Optional.empty(),
                    Optional.of(Content.of(BYTES))));

    private final Predicate<JobDao> action;

    Step(Predicate<JobDao> action) {
      this.action = action;
    }
  }

  private static boolean insert(JobDao dao, Job job) {
    return dao.insertJob(job, JobInput.of("{}")) instanceof JobInsertion.Inserted;
  }

  public static void main(String[] arguments) throws IOException, SQLException {
    Step step = Step.valueOf(arguments[1]);
    try (DerbyStore store = new DerbyStore(Path.of(arguments[0]))) {
      if (step.action.test(store.dao())) {
        System.out.println(step);
        System.in.read();
      }
    }
  }

  private static boolean insert(JobDao dao, Binary binary, byte[] bytes) {
    dao.insertBinary(binary, Content.of(bytes), "");
    return true;
  }

  private static Binary binary(String name, byte[] bytes) {
    String digest = HexFormat.of().formatHex(Key.sha256().digest(bytes));
    return new Binary(name, BinaryType.EGG, Instant.EPOCH, digest, bytes.length);
  }

  private static Job job(String id) {
    return new Job(
        id,
        "context",
        "python",
        1,
        BINARY,
        "a.B",
        Instant.EPOCH,
        Optional.empty(),
        JobState.RUNNING,
        Optional.empty(),
        "");
  }
}
