package spark.jobserver.api.dao;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.time.Instant;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import org.junit.jupiter.api.Test;
import spark.jobserver.api.Binary;
import spark.jobserver.api.BinaryType;
import spark.jobserver.api.Content;
import spark.jobserver.api.Context;
import spark.jobserver.api.ContextState;
import spark.jobserver.api.Failure;
import spark.jobserver.api.Job;
import spark.jobserver.api.JobFilter;
import spark.jobserver.api.JobState;
import spark.jobserver.api.dao.JobInsertion.KeyUsed;

/** Part of {@link JobDaoContract}: what is needed to move from one store to another. */
abstract class MovingContract extends ContractChapter {
  private static final RequestKey KEY = new RequestKey("ada ", "k\u00e4y ", "request");
  private static final String URL = "http://host:1/\u00e4";

  private static Job ended(JobState state, Optional<Failure> failure) {
    Job job = job(binary("gone", BinaryType.WHEEL, TIME, bytes(7)), TIME);
    return state.isFinal() ? job.ended(state, TIME.plusMillis(5), failure) : job.in(state);
  }

  @Test
  void allVersionsOfABinaryAreToldInTheirOrder() {
    Binary first = binary("lib ", BinaryType.EGG, TIME.plusSeconds(9), bytes(3));
    Binary second = binary("lib ", BinaryType.WHEEL, TIME, bytes(4));
    Binary other = binary("lib", BinaryType.EGG, TIME, bytes(4));
    dao.insertBinary(first, Content.of(bytes(3)), "ada ");
    dao.insertBinary(second, Content.of(bytes(4)), "");
    dao.insertBinary(other, Content.of(bytes(4)), "bob");

    assertThat(dao.binaryVersions("lib "))
        .containsExactly(new BinaryVersion(first, "ada "), new BinaryVersion(second, ""));
    assertThat(dao.binaryVersions("none")).isEmpty();
    dao.deleteBinary("lib ");
    assertThat(dao.binaryVersions("lib ")).isEmpty();
    assertThat(dao.binaryVersions("lib")).containsExactly(new BinaryVersion(other, "bob"));
  }

  @Test
  void contextsInAnyStateAreAddedAndListedInTheirOrder() throws Exception {
    List<Context> all = new ArrayList<>();
    for (int i = 0; i < 5; i++) {
      Context over =
          context("python", TIME.minusSeconds(i))
              .running("app", Optional.empty())
              .ended(ContextState.KILLED, TIME, Optional.of(FAILURE));
      assertThat(dao.insertContext(over)).isTrue();
      all.add(over);
    }
    Context stopping = context("python", TIME.minusSeconds(9)).running("a", Optional.of("u"));
    all.add(stopping.stopping());
    assertThat(dao.insertContext(stopping.stopping())).isTrue();
    dao = contract().reopened();

    List<Context> listed = new ArrayList<>();
    Optional<String> after = Optional.empty();
    for (List<Context> page = dao.contexts(after, 2);
        !page.isEmpty();
        page = dao.contexts(after, 2)) {
      assertThat(page).hasSizeLessThanOrEqualTo(2);
      listed.addAll(page);
      after = Optional.of(page.get(page.size() - 1).id());
    }
    assertThat(listed).containsExactlyElementsOf(all);
    assertThat(dao.latestContext("python")).contains(stopping.stopping());
    assertThat(dao.activeContexts()).containsExactly(stopping.stopping());
    assertThat(dao.contexts(Optional.of(NEVER_SEEN), 2)).isEmpty();
    assertThat(dao.contexts(Optional.empty(), 0)).isEmpty();
    assertThat(dao.insertContext(context("python", TIME))).as("its name is taken").isFalse();
  }

  @Test
  void aContextStaysInItsPlaceWhenItChanges() {
    Context first = context("a", TIME);
    Context second = context("b", TIME);
    dao.insertContext(first);
    dao.insertContext(second);
    Context running = first.running("app", Optional.empty());
    dao.updateContext(running);

    assertThat(dao.contexts(Optional.empty(), 9)).containsExactly(running, second);
    assertThat(dao.contexts(Optional.of(first.id()), 9)).containsExactly(second);
  }

  @Test
  void aFinishedJobIsRestoredWithAllThatBelongsToIt() throws Exception {
    byte[] result = bytes(300_000);
    Binary lib = binary("lib", BinaryType.WHEEL, TIME, bytes(9));
    Job job = ended(JobState.FINISHED, Optional.empty());
    dao.restoreJob(
        job,
        new JobInput("{\"a\":1}", List.of(lib, job.binary()), Optional.of(URL), Optional.of(KEY)),
        Optional.of(Content.of(result)),
        false);
    dao = contract().reopened();

    assertThat(dao.job(job.id())).contains(job);
    assertThat(read(dao.result(job.id()))).isEqualTo(result);
    assertThat(dao.jobConfig(job.id())).contains("{\"a\":1}");
    assertThat(dao.jobDependencies(job.id())).containsExactly(lib, job.binary());
    assertThat(dao.callback(job.id())).contains(URL);
    assertThat(dao.pendingCallbacks()).containsExactly(job.id());
    assertThat(dao.requestKey(job.id())).contains(KEY);
    assertThat(dao.keyUsed(KEY.caller(), KEY.key())).contains(new KeyUsed(job.id(), "request"));
    assertThat(dao.jobs(JobFilter.ALL, 9)).containsExactly(job);
    assertThat(finish(job.id())).as("a final state never changes").isFalse();
    Content other = json("2");
    assertThatThrownBy(() -> dao.restoreJob(job, JobInput.of("{}"), Optional.of(other), false))
        .as("an id is used once")
        .isInstanceOf(DaoException.class);
    assertThat(read(dao.result(job.id()))).isEqualTo(result);
  }

  @Test
  void jobsAreRestoredInAnyState() {
    Job failed = ended(JobState.ERROR, Optional.of(FAILURE));
    Job silent = ended(JobState.FINISHED, Optional.empty());
    Job running = ended(JobState.RUNNING, Optional.empty());
    Job wished = ended(JobState.STARTED, Optional.empty());
    for (Job job : List.of(failed, silent, running, wished)) {
      dao.restoreJob(job, JobInput.of("{}"), Optional.empty(), job.equals(wished));
    }

    for (Job job : List.of(failed, silent, running, wished)) {
      assertThat(dao.job(job.id())).contains(job);
      assertThat(dao.result(job.id())).isEmpty();
      assertThat(dao.requestKey(job.id())).isEmpty();
    }
    assertThat(dao.killWishes()).containsExactly(wished.id());
    assertThat(dao.activeJobs()).containsExactlyInAnyOrder(running, wished);
    assertThat(finish(running.id())).isTrue();
    assertThat(dao.job(running.id()).orElseThrow().state()).isEqualTo(JobState.FINISHED);
  }

  @Test
  void aKeyIsToldUntilItIsForgotten() {
    insertBinary("any", BinaryType.EGG, TIME, "any");
    Job job = job(dao.latestBinary("any").orElseThrow(), TIME);
    dao.insertJob(job, new JobInput("{}", Optional.empty(), Optional.of(KEY)));

    assertThat(dao.requestKey(job.id())).contains(KEY);
    dao.forgetKey(job.id());
    assertThat(dao.requestKey(job.id())).isEmpty();
    assertThat(dao.requestKey(NEVER_SEEN)).isEmpty();
  }

  @Test
  void nothingIsLeftWhenEverythingWasRemoved() throws Exception {
    Binary binary = insertBinary("any", BinaryType.EGG, TIME, "any");
    Context context = context("python", TIME);
    dao.insertContext(context);
    dao.saveDriver(new DriverRecord(context.id(), 1, "process", "token", "key"));
    JobInput input = new JobInput("{}", List.of(binary), Optional.of(URL), Optional.of(KEY));
    Job active = job(binary, TIME);
    dao.insertJob(active, input);
    dao.wishKill(active.id());
    Job over = ended(JobState.FINISHED, Optional.empty());
    dao.restoreJob(over, JobInput.of("{}"), Optional.of(json("[1]")), false);

    dao.removeAll();

    dao = contract().reopened();

    assertThat(dao.latestBinaries()).isEmpty();
    assertThat(dao.binaryBytes(binary.digest())).isEmpty();
    assertThat(dao.contexts(Optional.empty(), 9)).isEmpty();
    assertThat(dao.driver(context.id())).isEmpty();
    assertThat(dao.jobs(JobFilter.ALL, 9)).isEmpty();
    assertThat(dao.result(over.id())).isEmpty();
    assertThat(dao.callback(active.id())).isEmpty();
    assertThat(dao.jobDependencies(active.id())).isEmpty();
    assertThat(dao.keyUsed(KEY.caller(), KEY.key())).isEmpty();
    assertThat(dao.killWishes()).isEmpty();
    insertBinary("any", BinaryType.EGG, Instant.EPOCH, "any");
    assertThat(dao.insertContext(context)).isTrue();
    dao.restoreJob(over, input, Optional.of(json("[2]")), false);
    assertThat(text(dao.result(over.id()))).isEqualTo("[2]");
  }
}
