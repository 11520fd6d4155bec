package spark.jobserver.api.dao;

import static org.assertj.core.api.Assertions.assertThat;

import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.concurrent.Callable;
import java.util.concurrent.Future;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import spark.jobserver.api.Binary;
import spark.jobserver.api.BinaryType;
import spark.jobserver.api.Job;
import spark.jobserver.api.dao.JobInsertion.BinaryGone;
import spark.jobserver.api.dao.JobInsertion.Inserted;
import spark.jobserver.api.dao.JobInsertion.KeyUsed;

/** Part of {@link JobDaoContract}: requests that are repeated. */
abstract class RequestKeysContract extends ContractChapter {
  private Binary binary;

  @BeforeEach
  void insertBinary() {
    binary = insertBinary("any", BinaryType.EGG, TIME, "any");
  }

  private JobInsertion insert(Job job, String caller, String key, String request) {
    RequestKey requestKey = new RequestKey(caller, key, request);
    return dao.insertJob(job, new JobInput("{}", Optional.empty(), Optional.of(requestKey)));
  }

  @Test
  void aKeyIsGoodForOneJob() {
    Job job = job(binary, TIME);
    assertThat(dao.keyUsed("me", "key")).isEmpty();
    assertThat(insert(job, "me", "key", "request")).isInstanceOf(Inserted.class);

    KeyUsed used = new KeyUsed(job.id(), "request");
    Job again = job(binary, TIME);
    assertThat(insert(again, "me", "key", "request")).isEqualTo(used);
    assertThat(insert(again, "me", "key", "another request")).isEqualTo(used);
    assertThat(dao.keyUsed("me", "key")).contains(used);
    assertThat(dao.job(again.id())).isEmpty();
  }

  @Test
  void keysDifferInAnything() {
    List<List<String>> keys =
        List.of(
            List.of("", "key"),
            List.of("me", "key"),
            List.of("mek", "ey"),
            List.of("me", "key "),
            List.of("me", "Key"),
            List.of("me", ""),
            List.of("me", "x".repeat(100_000)),
            List.of("1 me", "\0\uD83D\uDE00"));
    for (List<String> key : keys) {
      assertThat(insert(job(binary, TIME), key.get(0), key.get(1), "request"))
          .as("%s", key)
          .isInstanceOf(Inserted.class);
    }
  }

  @Test
  void aJobThatWasNotAddedHasNotUsedItsKey() {
    dao.deleteBinary("any");
    assertThat(insert(job(binary, TIME), "me", "key", "request"))
        .isEqualTo(new BinaryGone(binary.name()));
    assertThat(dao.keyUsed("me", "key")).isEmpty();
  }

  @Test
  void aKeyThatIsForgottenCanBeUsedAgain() {
    Job job = job(binary, TIME);
    insert(job, "me", "key", "request");
    Job other = job(binary, TIME);
    insert(other, "me", "another key", "request");

    dao.forgetKey(job.id());
    dao.forgetKey(job.id());
    assertThat(dao.keyUsed("me", "key")).isEmpty();
    assertThat(dao.keyUsed("me", "another key")).isPresent();
    assertThat(insert(job(binary, TIME), "me", "key", "request")).isInstanceOf(Inserted.class);
  }

  @Test
  void ofRequestsWithOneKeyAtTheSameTimeOneMakesItsJob() throws Exception {
    for (int round = 0; round < 5; round++) {
      String key = "key " + round;
      List<Future<JobInsertion>> insertions = new ArrayList<>();
      for (int i = 0; i < THREADS; i++) {
        Callable<JobInsertion> insertion = () -> insert(job(binary, TIME), "me", key, "request");
        insertions.add(threads.submit(insertion));
      }
      int inserted = 0;
      for (Future<JobInsertion> insertion : insertions) {
        inserted += insertion.get() instanceof Inserted ? 1 : 0;
      }
      assertThat(inserted).isEqualTo(1);
    }
  }
}
