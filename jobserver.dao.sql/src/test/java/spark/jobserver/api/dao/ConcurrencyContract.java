package spark.jobserver.api.dao;

import static java.nio.charset.StandardCharsets.UTF_8;
import static org.assertj.core.api.Assertions.assertThat;

import java.io.InputStream;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Optional;
import java.util.concurrent.TimeUnit;
import java.util.stream.IntStream;
import org.junit.jupiter.api.Test;
import spark.jobserver.api.Binary;
import spark.jobserver.api.BinaryType;
import spark.jobserver.api.Content;
import spark.jobserver.api.Failure;
import spark.jobserver.api.Job;
import spark.jobserver.api.JobFilter;
import spark.jobserver.api.JobState;
import spark.jobserver.api.dao.JobDao.BinaryDeletion;

/** Many callers at once. */
abstract class ConcurrencyContract extends ContractChapter {
  @Test
  void ofManyCallersOneGetsAName() throws Exception {
    for (int round = 0; round < 5; round++) {
      String name = "context-" + round;
      assertThat(atOnce(i -> dao.insertContext(context(name, TIME)))).containsOnlyOnce(true);
      assertThat(dao.latestContext(name)).isPresent();
    }
    assertThat(dao.activeContexts()).hasSize(5);
  }

  @Test
  void aDriverCanBeSavedByManyAtOnce() throws Exception {
    String context = id();
    atOnce(
        i -> {
          dao.saveDriver(new DriverRecord(context, i, "process", "token", "key"));
          return true;
        });

    assertThat(dao.driver(context)).map(DriverRecord::process).contains("process");
  }

  @Test
  void ofManyCallsThatEndAJobOneWins() throws Exception {
    for (int round = 0; round < 10; round++) {
      Job job = insertJob();
      List<Boolean> won =
          atOnce(
              i ->
                  i % 2 == 0
                      ? dao.endJob(
                          job.id(),
                          JobState.FINISHED,
                          TIME,
                          Optional.empty(),
                          Optional.of(json("" + i)))
                      : dao.endJob(
                          job.id(),
                          JobState.KILLED,
                          TIME,
                          Optional.of(Failure.of("" + i)),
                          Optional.empty()));

      assertThat(won).containsOnlyOnce(true);
      int winner = won.indexOf(true);
      Job ended = dao.job(job.id()).orElseThrow();
      if (winner % 2 == 0) {
        assertThat(ended.state()).isEqualTo(JobState.FINISHED);
        assertThat(text(dao.result(job.id()))).isEqualTo("" + winner);
      } else {
        assertThat(ended.failure()).contains(Failure.of("" + winner));
        assertThat(dao.result(job.id())).isEmpty();
      }
    }
  }

  @Test
  void aBinaryIsNeverDeletedUnderAJobThatStartsMeanwhile() throws Exception {
    for (int round = 0; round < 10; round++) {
      String name = "app-" + round;
      Binary binary = insertBinary(name, BinaryType.EGG, TIME, name);
      List<Job> jobs =
          IntStream.range(0, THREADS).mapToObj(i -> job(binary, TIME.plusMillis(i))).toList();
      int deleter = round % THREADS;
      List<Boolean> done =
          atOnce(
              i ->
                  i == deleter
                      ? dao.deleteBinary(name) instanceof BinaryDeletion.Deleted
                      : insert(jobs.get(i), "{}"));

      boolean deleted = done.get(deleter);
      assertThat(dao.latestBinary(name).isPresent()).isNotEqualTo(deleted);
      assertThat(dao.binaryBytes(binary.digest()).isPresent()).isNotEqualTo(deleted);
      for (int i = 0; i < THREADS; i++) {
        if (i != deleter) {
          assertThat(done.get(i)).as("deleted, or started").isNotEqualTo(deleted);
          assertThat(dao.job(jobs.get(i).id()).isPresent()).isEqualTo(done.get(i));
        }
      }
    }
  }

  @Test
  void manyMayUploadTheSameBytesAtOnce() throws Exception {
    byte[] bytes = bytes((2 << 20) + 5);
    for (int round = 0; round < 3; round++) {
      List<Binary> binaries =
          IntStream.range(0, THREADS)
              .mapToObj(i -> binary("app-" + i, BinaryType.EGG, TIME, bytes))
              .toList();
      atOnce(
          i -> {
            dao.insertBinary(binaries.get(i), Content.of(bytes), "");
            return true;
          });

      assertThat(dao.latestBinaries()).containsExactlyElementsOf(binaries);
      assertThat(read(dao.binaryBytes(binaries.get(0).digest()))).isEqualTo(bytes);
      assertThat(atOnce(i -> dao.deleteBinary("app-" + i) instanceof BinaryDeletion.Deleted))
          .containsOnly(true);
      assertThat(dao.binaryBytes(binaries.get(0).digest())).isEmpty();
    }
  }

  @Test
  void bytesStayForWhoUploadsThemWhileTheyAreDeleted() throws Exception {
    for (int round = 0; round < 10; round++) {
      byte[] bytes = ("same " + round).getBytes(UTF_8);
      insertBinary("old", BinaryType.EGG, TIME, bytes);
      Binary binary = binary("new", BinaryType.EGG, TIME, bytes);
      atOnce(
          i -> {
            if (i == 0) {
              dao.insertBinary(binary, Content.of(bytes), "");
            } else if (i == 1) {
              dao.deleteBinary("old");
            }
            return true;
          });

      assertThat(dao.latestBinaries()).containsExactly(binary);
      assertThat(read(dao.binaryBytes(binary.digest()))).isEqualTo(bytes);
      dao.deleteBinary("new");
    }
  }

  @Test
  void manyJobsRunThroughAtOnce() throws Exception {
    Binary binary = insertBinary("app", BinaryType.EGG, TIME, "app");
    int each = 25;
    List<Boolean> done =
        atOnce(
            thread -> {
              boolean well = true;
              for (int i = 0; i < each; i++) {
                Job job = job(binary, TIME.plusMillis(i));
                well &= insert(job, "{}");
                well &= dao.activeJobs().contains(job);
                well &= thread % 2 == 1 || dao.wishKill(job.id());
                well &= dao.deleteBinary("app") instanceof BinaryDeletion.InUse;
                well &= finish(job.id());
                well &= "0".equals(text(dao.result(job.id())));
              }
              return well;
            });

    assertThat(done).containsOnly(true);
    assertThat(dao.jobs(JobFilter.ALL.in(JobState.FINISHED), 1000)).hasSize(each * THREADS);
    assertThat(dao.activeJobs()).isEmpty();
    assertThat(dao.killWishes()).isEmpty();
  }

  @Test
  void slowReadersHoldUpNobody() throws Exception {
    byte[] bytes = bytes(3 << 20);
    Binary binary = insertBinary("app", BinaryType.EGG, TIME, bytes);
    Job job = insertJob(job(binary, TIME));
    dao.endJob(job.id(), JobState.FINISHED, TIME, Optional.empty(), Optional.of(Content.of(bytes)));
    List<InputStream> readers = new ArrayList<>();
    for (int i = 0; i < 10; i++) {
      Optional<Content> content =
          i % 2 == 0 ? dao.binaryBytes(binary.digest()) : dao.result(job.id());
      readers.add(content.orElseThrow().open());
      assertThat(readers.get(i).read()).isEqualTo(bytes[0] & 0xFF);
    }

    threads
        .submit(
            () -> {
              Job another = insertJob(job(binary, TIME));
              assertThat(finish(another.id())).isTrue();
              insertBinary("other", BinaryType.EGG, TIME, bytes);
              assertThat(dao.deleteBinary("other")).isEqualTo(new BinaryDeletion.Deleted());
              assertThat(dao.jobs(JobFilter.ALL, 10)).hasSize(2);
              return true;
            })
        .get(30, TimeUnit.SECONDS);

    byte[] rest = Arrays.copyOfRange(bytes, 1, bytes.length);
    for (InputStream reader : readers) {
      assertThat(reader.readAllBytes()).isEqualTo(rest);
      reader.close();
    }
  }
}
