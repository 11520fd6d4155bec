package spark.jobserver.api.dao;

import static org.assertj.core.api.Assertions.assertThat;

import java.util.List;
import java.util.Locale;
import java.util.Optional;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;
import spark.jobserver.api.Binary;
import spark.jobserver.api.BinaryType;
import spark.jobserver.api.Content;
import spark.jobserver.api.Context;
import spark.jobserver.api.Job;
import spark.jobserver.api.JobFilter;
import spark.jobserver.api.JobState;
import spark.jobserver.api.dao.JobDao.BinaryDeletion;

/** What is found, whatever it is called, and what is not; and all of it after a restart. */
abstract class LookUpContract extends ContractChapter {
  @Test
  void nothingIsFoundThatWasNotInserted() {
    assertThat(dao.latestBinaries()).isEmpty();
    assertThat(dao.latestBinary("app")).isEmpty();
    assertThat(dao.deleteBinary("app")).isEqualTo(new BinaryDeletion.Unknown());
    assertThat(dao.activeContexts()).isEmpty();
    assertThat(dao.latestContext("context")).isEmpty();
    assertThat(dao.jobs(JobFilter.ALL, 10)).isEmpty();
    assertThat(dao.activeJobs()).isEmpty();
    assertThat(dao.killWishes()).isEmpty();
  }

  static List<String> strangers() {
    return List.of(NEVER_SEEN, "", " ", "%", "\0", "\u00E9'\";--", "x".repeat(100_000));
  }

  @ParameterizedTest
  @MethodSource("strangers")
  void anIdThatNothingHasIsNotFoundWhateverItLooksLike(String id) {
    assertThat(dao.binaryBytes(id)).isEmpty();
    assertThat(dao.context(id)).isEmpty();
    assertThat(dao.driver(id)).isEmpty();
    assertThat(dao.job(id)).isEmpty();
    assertThat(dao.jobConfig(id)).isEmpty();
    assertThat(dao.result(id)).isEmpty();
    assertThat(dao.wishKill(id)).isFalse();
    assertThat(finish(id)).isFalse();
  }

  @Test
  void anIdMustMatchToTheLastCharacter() {
    Job job = insertJob();

    assertThat(dao.job(job.id() + " ")).isEmpty();
    assertThat(dao.job(job.id().toUpperCase(Locale.ROOT))).isEmpty();
    assertThat(dao.job(job.id())).contains(job);
  }

  static List<String> names() {
    return List.of(
        " ",
        "../../etc/passwd",
        "a/b\\c:d*e?f\"g<h>i|j",
        "'; drop table job; --",
        "100%_",
        "?{}$\u007F",
        "line\nbreak\ttab",
        "Gr\u00F6\u00DFe-\u6771\u4EAC-\u05E9\u05DC\u05D5\u05DD",
        "\uD83D\uDC68\u200D\uD83D\uDE80",
        "e\u0301",
        "x".repeat(10_000),
        "\u6771".repeat(10_000));
  }

  @ParameterizedTest
  @MethodSource("names")
  void anyNameIsKeptAsItIs(String name) {
    Binary binary = insertBinary(name, BinaryType.EGG, TIME, "x");
    Context context = context(name, TIME);
    assertThat(dao.insertContext(context)).isTrue();
    Job job = job(binary, TIME);
    assertThat(insert(job, "{}")).isTrue();

    assertThat(dao.latestBinary(name)).contains(binary);
    assertThat(dao.latestContext(name)).contains(context);
    assertThat(dao.activeContexts()).containsExactly(context);
    assertThat(dao.job(job.id())).contains(job);
    assertThat(dao.deleteBinary(name)).isEqualTo(new BinaryDeletion.InUse(List.of(job.id())));
    assertThat(finish(job.id())).isTrue();
    assertThat(dao.deleteBinary(name)).isEqualTo(new BinaryDeletion.Deleted());
    assertThat(dao.latestBinaries()).isEmpty();
  }

  @Test
  void namesThatLookAlikeAreDifferent() {
    List<String> names =
        List.of("app", "App", "app ", " app", "\u00E4pp", "a\u0308pp", "\uFF41pp", "app\u200B");
    for (String name : names) {
      insertBinary(name, BinaryType.EGG, TIME, name);
      assertThat(dao.insertContext(context(name, TIME))).as(name).isTrue();
    }

    assertThat(dao.latestBinaries()).hasSize(names.size());
    assertThat(dao.deleteBinary("app")).isEqualTo(new BinaryDeletion.Deleted());
    for (String name : names.subList(1, names.size())) {
      assertThat(dao.latestBinary(name)).map(Binary::name).contains(name);
      assertThat(dao.latestContext(name)).map(Context::name).contains(name);
    }
  }

  @Test
  void everythingIsStillThereWhenTheStoreIsOpenedAgain() throws Exception {
    byte[] bytes = bytes((1 << 20) + 1);
    Binary binary = insertBinary("app", BinaryType.EGG, TIME, bytes);
    Context context = context("python", TIME);
    dao.insertContext(context);
    DriverRecord driver = new DriverRecord(context.id(), 1, "process", "token", "key");
    dao.saveDriver(driver);
    Job running = insertJob(job(binary, TIME).in(JobState.RUNNING));
    dao.wishKill(running.id());
    Job finished = insertJob(job(binary, TIME.plusMillis(1)));
    dao.endJob(
        finished.id(), JobState.FINISHED, TIME, Optional.empty(), Optional.of(Content.of(bytes)));

    dao = contract().reopened();

    assertThat(dao.latestBinaries()).containsExactly(binary);
    assertThat(read(dao.binaryBytes(binary.digest()))).isEqualTo(bytes);
    assertThat(dao.activeContexts()).containsExactly(context);
    assertThat(dao.driver(context.id())).contains(driver);
    assertThat(dao.activeJobs()).containsExactly(running);
    assertThat(dao.killWishes()).containsExactly(running.id());
    assertThat(read(dao.result(finished.id()))).isEqualTo(bytes);
    assertThat(dao.insertContext(context("python", TIME))).isFalse();
    insertBinary("app", BinaryType.EGG, TIME.plusMillis(1), "next");
    assertThat(dao.latestBinary("app")).map(Binary::uploadTime).contains(TIME.plusMillis(1));
  }
}
