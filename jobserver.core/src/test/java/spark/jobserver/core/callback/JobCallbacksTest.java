package spark.jobserver.core.callback;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.net.URI;
import java.nio.charset.StandardCharsets;
import java.time.Instant;
import java.util.Optional;
import java.util.concurrent.BlockingQueue;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CompletionStage;
import java.util.concurrent.LinkedBlockingQueue;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import spark.jobserver.api.Content;
import spark.jobserver.api.Job;
import spark.jobserver.api.JobState;
import spark.jobserver.api.dao.JobInput;
import spark.jobserver.api.server.Callbacks;
import spark.jobserver.api.server.ErrorCode;
import spark.jobserver.api.server.JobserverException;
import spark.jobserver.core.MemoryDao;
import spark.jobserver.core.Samples;

class JobCallbacksTest {
  private final MemoryDao dao = new MemoryDao();
  private final JobCallbacks callbacks = new JobCallbacks(dao);
  private final FakeCallbacks service = new FakeCallbacks();

  /** A call that a test answers. */
  private record Call(String url, Job job, CompletableFuture<Boolean> told) {}

  private static final class FakeCallbacks implements Callbacks {
    final BlockingQueue<Call> calls = new LinkedBlockingQueue<>();
    volatile boolean full;

    @Override
    public URI check(String url) {
      return URI.create(url);
    }

    @Override
    public CompletionStage<Boolean> tell(String url, Job job, Optional<Content> result) {
      if (full) {
        return CompletableFuture.failedFuture(new IllegalStateException("too many wait"));
      }
      Call call = new Call(url, job, new CompletableFuture<>());
      calls.add(call);
      return call.told();
    }

    Call next() throws InterruptedException {
      Call call = calls.poll(10, TimeUnit.SECONDS);
      assertThat(call).as("a call").isNotNull();
      return call;
    }
  }

  @BeforeEach
  void storeBinary() {
    dao.insertBinary(Samples.EGG, Content.of(new byte[] {1}), "");
  }

  @AfterEach
  void stop() {
    callbacks.stop();
  }

  private Job ended(String id) {
    Job job = Samples.job(id, "c-1", "c");
    dao.insertJob(job, new JobInput("{}", Optional.of("http://" + id), Optional.empty()));
    Content result = Content.of("1".getBytes(StandardCharsets.UTF_8));
    dao.endJob(id, JobState.FINISHED, Instant.EPOCH, Optional.empty(), Optional.of(result));
    return dao.job(id).orElseThrow();
  }

  private void awaitNonePending() throws InterruptedException {
    for (int i = 0; i < 200 && !dao.pendingCallbacks().isEmpty(); i++) {
      Thread.sleep(20);
    }
    assertThat(dao.pendingCallbacks()).isEmpty();
  }

  @Test
  void a_callback_is_on_record_until_it_was_made_or_given_up() throws Exception {
    callbacks.bind(service);
    for (boolean told : new boolean[] {true, false}) {
      Job job = ended("job-" + told);
      callbacks.ended("http://" + job.id(), job);
      Call call = service.next();
      assertThat(call.job()).isEqualTo(job);
      assertThat(dao.pendingCallbacks()).containsExactly(job.id());
      call.told().complete(told);
      awaitNonePending();
    }
  }

  @Test
  void what_is_pending_is_told_when_the_service_comes() throws Exception {
    Job job = ended("job-1");
    callbacks.ended("http://job-1", job);
    callbacks.bind(service);
    Call call = service.next();
    assertThat(call.url()).isEqualTo("http://job-1");
    call.told().complete(true);
    awaitNonePending();
    assertThat(service.calls).isEmpty();
  }

  @Test
  void what_the_service_cannot_take_is_told_when_another_is_done() throws Exception {
    callbacks.bind(service);
    Job first = ended("job-1");
    callbacks.ended("http://job-1", first);
    Call call = service.next();
    service.full = true;
    Job second = ended("job-2");
    callbacks.ended("http://job-2", second);
    for (int i = 0; i < 50; i++) {
      Thread.sleep(10);
      assertThat(service.calls).isEmpty();
    }
    service.full = false;
    call.told().complete(true);
    Call late = service.next();
    assertThat(late.job()).isEqualTo(second);
    late.told().complete(true);
    awaitNonePending();
  }

  @Test
  void without_the_service_no_callback_is_promised() {
    assertThatThrownBy(() -> callbacks.check("http://host"))
        .isInstanceOfSatisfying(
            JobserverException.class, e -> assertThat(e.code()).isEqualTo(ErrorCode.UNAVAILABLE));
  }
}
