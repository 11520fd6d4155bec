package spark.jobserver.rest;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.concurrent.CompletionStage;
import org.junit.jupiter.api.Test;
import spark.jobserver.api.Job;
import spark.jobserver.api.JobState;
import spark.jobserver.api.server.ErrorCode;
import spark.jobserver.api.server.JobserverException;

class JobEndsTest {
  private final FakeJobs jobs = new FakeJobs().with(FakeJobs.started("j-1"));
  private final JobEnds ends = new JobEnds();

  private CompletionStage<Void> wait(int seconds) {
    return ends.within(jobs, "j-1", seconds);
  }

  @Test
  void ofThoseWhoHaveWaitedLongEnoughNothingIsKept() {
    List<CompletionStage<Void>> waits = new ArrayList<>();
    for (int i = 0; i < 1000; i++) {
      waits.add(wait(1));
    }
    waits.forEach(one -> one.toCompletableFuture().join());
    assertThat(ends.waiting()).isZero();
    assertThat(jobs.endsAsked).hasValue(1);
    assertThat(jobs.ends.get("j-1").getNumberOfDependents()).isEqualTo(1);
  }

  @Test
  void moreThanAThousandDoNotWaitAtOnce() {
    List<CompletionStage<Void>> waits = new ArrayList<>();
    for (int i = 0; i < JobEnds.MOST_CALLERS; i++) {
      waits.add(wait(600));
    }
    for (int i = 0; i < 2; i++) {
      assertThatThrownBy(() -> wait(600))
          .isInstanceOfSatisfying(
              JobserverException.class, e -> assertThat(e.code()).isEqualTo(ErrorCode.UNAVAILABLE));
    }
    jobs.end("j-1", JobState.KILLED);
    assertThat(waits).allMatch(one -> one.toCompletableFuture().isDone());
    assertThat(wait(600)).isCompleted();
  }

  @Test
  void theEndOfTheJobEndsAllWaiting() {
    List<CompletionStage<Void>> waits = List.of(wait(600), wait(600));
    jobs.end("j-1", JobState.KILLED);
    assertThat(waits).allMatch(one -> one.toCompletableFuture().isDone());
    assertThat(ends.waiting()).isZero();
  }

  @Test
  void whatHasEndedOrIsUnknownIsNotWaitedFor() {
    assertThat(ends.within(jobs, "none", 600)).isCompleted();
    jobs.with(FakeJobs.ended("j-1", JobState.ERROR));
    assertThat(wait(600)).isCompleted();
  }

  @Test
  void aCoreThatCannotSayLeavesNobodyWaiting() {
    FakeJobs broken =
        new FakeJobs() {
          @Override
          public Optional<CompletionStage<Job>> end(String id) {
            throw new IllegalStateException("the store is gone");
          }
        };
    assertThatThrownBy(() -> ends.within(broken, "j-1", 600)).hasMessage("the store is gone");
    assertThat(ends.waiting()).isZero();
  }

  @Test
  void aCoreThatWasReplacedIsAskedAnew() {
    CompletionStage<Void> old = wait(600);
    FakeJobs other = new FakeJobs().with(FakeJobs.started("j-1"));
    CompletionStage<Void> fresh = ends.within(other, "j-1", 600);
    other.end("j-1", JobState.FINISHED);
    assertThat(fresh).isCompleted();
    assertThat(old).isNotCompleted();
    assertThat(ends.waiting()).isZero();
  }
}
