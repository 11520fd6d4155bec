package spark.jobserver.core.job;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CompletionStage;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import spark.jobserver.api.Content;
import spark.jobserver.api.Job;
import spark.jobserver.api.dao.JobInput;
import spark.jobserver.api.dao.RequestKey;
import spark.jobserver.api.server.ErrorCode;
import spark.jobserver.api.server.Jobs.JobSubmission;
import spark.jobserver.api.server.Jobs.Submission;
import spark.jobserver.api.server.Jobs.SubmissionKey;
import spark.jobserver.api.server.JobserverException;
import spark.jobserver.core.MemoryDao;
import spark.jobserver.core.Samples;

class RepeatedSubmissionsTest {
  private final MemoryDao dao = new MemoryDao();
  private final List<String> recalled = new ArrayList<>();
  private final List<RequestKey> started = new ArrayList<>();
  private RepeatedSubmissions repeated;

  @BeforeEach
  void make() {
    dao.insertBinary(Samples.EGG, Content.of(new byte[] {1}), "");
    repeated =
        new RepeatedSubmissions(
            dao,
            id -> {
              recalled.add(id);
              return CompletableFuture.completedFuture(submission(dao.job(id).orElseThrow()));
            });
  }

  private static JobSubmission request(String key, String config) {
    return new JobSubmission(
        Map.of("appName", "app", "classPath", "m.C"),
        Optional.of("c"),
        config,
        Optional.empty(),
        Optional.of(new SubmissionKey("me", key, "query")));
  }

  private static Submission submission(Job job) {
    return new Submission(job, new CompletableFuture<>(), new CompletableFuture<>());
  }

  private static Job job(String id) {
    return Samples.job(id, "c-1", "c");
  }

  private CompletionStage<Submission> start(Optional<RequestKey> key) {
    started.add(key.orElse(null));
    Job job = job("job-" + started.size());
    dao.insertJob(job, new JobInput("{}", Optional.empty(), key));
    return CompletableFuture.completedFuture(submission(job));
  }

  private String jobOf(JobSubmission request) {
    return repeated.once(request, this::start).toCompletableFuture().join().job().id();
  }

  private void isRefused(JobSubmission request) {
    assertThatThrownBy(() -> repeated.once(request, this::start))
        .isInstanceOfSatisfying(
            JobserverException.class, e -> assertThat(e.code()).isEqualTo(ErrorCode.KEY_USED));
  }

  @Test
  void requests_without_a_key_are_all_started() {
    JobSubmission keyless =
        new JobSubmission(Map.of(), Optional.empty(), "", Optional.empty(), Optional.empty());
    assertThat(jobOf(keyless)).isEqualTo("job-1");
    assertThat(jobOf(keyless)).isEqualTo("job-2");
  }

  @Test
  void a_repetition_has_the_job_of_the_first() {
    assertThat(jobOf(request("key", "a = 1"))).isEqualTo("job-1");
    assertThat(jobOf(request("key", "a = 1"))).isEqualTo("job-1");
    assertThat(started).hasSize(1);
    assertThat(recalled).containsExactly("job-1");
    assertThat(jobOf(request("another key", "a = 1"))).isEqualTo("job-2");
  }

  @Test
  void another_request_with_the_same_key_is_refused() {
    jobOf(request("key", "a = 1"));
    JobSubmission first = request("key", "a = 1");
    isRefused(request("key", "a = 2"));
    isRefused(
        new JobSubmission(
            Map.of("appName", "app", "classPath", "m.D"),
            first.context(),
            first.config(),
            first.callback(),
            first.key()));
    isRefused(
        new JobSubmission(
            first.parameters(), Optional.of("d"), first.config(), first.callback(), first.key()));
    isRefused(
        new JobSubmission(
            first.parameters(), Optional.empty(), first.config(), first.callback(), first.key()));
    isRefused(
        new JobSubmission(
            first.parameters(),
            first.context(),
            first.config(),
            Optional.of("http://x"),
            first.key()));
    isRefused(
        new JobSubmission(
            first.parameters(),
            first.context(),
            first.config(),
            first.callback(),
            Optional.of(new SubmissionKey("me", "key", "another query"))));
    assertThat(started).hasSize(1);
  }

  @Test
  void a_key_belongs_to_its_caller() {
    jobOf(request("key", "a = 1"));
    JobSubmission other =
        new JobSubmission(
            Map.of(),
            Optional.empty(),
            "",
            Optional.empty(),
            Optional.of(new SubmissionKey("somebody else", "key", "query")));
    assertThat(jobOf(other)).isEqualTo("job-2");
  }

  @Test
  void a_repetition_waits_for_the_first_while_that_is_under_way() {
    CompletableFuture<Submission> slow = new CompletableFuture<>();
    CompletionStage<Submission> first = repeated.once(request("key", ""), key -> slow);
    CompletionStage<Submission> second = repeated.once(request("key", ""), this::start);
    isRefused(request("key", "other"));
    assertThat(started).isEmpty();

    slow.complete(submission(job("slow")));
    assertThat(first.toCompletableFuture().join().job().id()).isEqualTo("slow");
    assertThat(second.toCompletableFuture().join().job().id()).isEqualTo("slow");
  }

  @Test
  void what_was_refused_may_be_tried_again() {
    JobserverException full = new JobserverException(ErrorCode.NO_SLOTS, "full");
    assertThatThrownBy(
            () ->
                repeated.once(
                    request("key", ""),
                    key -> {
                      throw full;
                    }))
        .isSameAs(full);
    CompletionStage<Submission> failed =
        repeated.once(request("key", ""), key -> CompletableFuture.failedFuture(full));
    assertThat(failed.toCompletableFuture()).isCompletedExceptionally();
    assertThat(jobOf(request("key", ""))).isEqualTo("job-1");
  }
}
