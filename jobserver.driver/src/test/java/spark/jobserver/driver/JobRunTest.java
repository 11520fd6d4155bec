package spark.jobserver.driver;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.tuple;

import java.io.IOException;
import java.io.InputStream;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.atomic.AtomicLong;
import org.junit.jupiter.api.Test;
import spark.jobserver.api.Content;
import spark.jobserver.api.Failure;
import spark.jobserver.api.Progress;
import spark.jobserver.api.context.JobOutcome;
import spark.jobserver.api.context.RunningJob;
import spark.jobserver.link.Event;

class JobRunTest {
  private final List<String> told = new ArrayList<>();
  private final JobRun run = new JobRun("a", () -> told.add("started"), this::note, this::note);
  private int kills;

  private void note(Event.JobEnded ended, Content result) {
    try (InputStream in = result.open()) {
      String text = new String(in.readAllBytes(), StandardCharsets.UTF_8);
      told.add(ended.ending() + " " + ended.failure().message() + text);
    } catch (IOException e) {
      throw new AssertionError(e);
    }
  }

  private void note(Progress progress) {
    told.add(progress.completedTasks() + " of " + progress.tasks());
  }

  private void begin() {
    run.begin(listener -> () -> kills++);
  }

  @Test
  void tellsThatItStartedAndEnded() {
    begin();
    run.validated();
    run.ended(new JobOutcome.Finished(Content.of(new byte[] {'1'})));

    assertThat(told).containsExactly("started", "FINISHED 1");
  }

  @Test
  void tellsHowLongItTook() {
    List<Event.JobEnded> ends = new ArrayList<>();
    AtomicLong now = new AtomicLong(-5_000);
    JobRun valid =
        new JobRun("b", () -> {}, this::note, (ended, result) -> ends.add(ended), now::get);
    now.addAndGet(2_000_000);
    valid.validated();
    now.addAndGet(30_000_000);
    valid.ended(new JobOutcome.Failed(Failure.of("division by zero")));
    JobRun invalid =
        new JobRun("c", () -> {}, this::note, (ended, result) -> ends.add(ended), now::get);
    now.addAndGet(1_000_000);
    invalid.ended(new JobOutcome.Invalid(List.of("no input")));

    assertThat(ends)
        .extracting(Event.JobEnded::preparing, Event.JobEnded::running)
        .containsExactly(tuple(2_000L, 30_000L), tuple(0L, 0L));
  }

  @Test
  void tellsHowFarItIsUntilItHasEnded() {
    begin();
    run.validated();
    run.progressed(new Progress(1, 0, 8, 3, 4, 0));
    run.progressed(new Progress(1, 0, 8, 7, 1, 0));
    run.ended(new JobOutcome.Finished(Content.of(new byte[] {'1'})));
    run.progressed(new Progress(1, 1, 8, 8, 0, 0));

    assertThat(told).containsExactly("started", "3 of 8", "7 of 8", "FINISHED 1");
  }

  @Test
  void tellsWhatBecameOfIt() {
    begin();
    run.ended(new JobOutcome.Invalid(List.of("no input", "no output")));
    JobRun missing = new JobRun("b", () -> told.add("started"), this::note, this::note);
    missing.ended(new JobOutcome.NotFound("x.Y"));
    JobRun failing = new JobRun("c", () -> told.add("started"), this::note, this::note);
    failing.ended(new JobOutcome.Failed(Failure.of("division by zero")));

    assertThat(told)
        .containsExactly("INVALID no input\nno output", "NOT_FOUND x.Y", "FAILED division by zero");
  }

  @Test
  void endsOnce() {
    begin();
    run.ended(new JobOutcome.Finished(Content.of(new byte[] {'1'})));
    run.ended(new JobOutcome.Failed(Failure.of("too late")));
    run.validated();
    run.kill();
    run.conclude();

    assertThat(told).containsExactly("FINISHED 1");
    assertThat(kills).isZero();
  }

  @Test
  void isKilledByItsContext() {
    begin();
    run.kill();
    assertThat(kills).isEqualTo(1);
    assertThat(told).isEmpty();

    run.ended(new JobOutcome.Killed());

    assertThat(told).containsExactly("KILLED ");
  }

  @Test
  void keepsTheOutcomeThatTheKillCameTooLateFor() {
    begin();
    run.kill();
    run.ended(new JobOutcome.Failed(Failure.of("by itself")));

    assertThat(told).containsExactly("FAILED by itself");
  }

  @Test
  void doesNotBeginOnceItWasKilled() {
    run.kill();
    run.begin(
        listener -> {
          throw new AssertionError("begun");
        });

    assertThat(told).containsExactly("KILLED ");
  }

  @Test
  void isKilledAsSoonAsItWasHandedOver() {
    run.begin(
        listener -> {
          run.kill();
          assertThat(told).isEmpty();
          return () -> kills++;
        });

    assertThat(kills).isEqualTo(1);
  }

  @Test
  void isKilledWhileItRunsOnTheThreadThatBeganIt() {
    run.begin(
        listener -> {
          RunningJob job = () -> kills++;
          listener.begun(job);
          run.kill();
          listener.ended(new JobOutcome.Killed());
          return job;
        });

    assertThat(kills).isEqualTo(1);
    assertThat(told).containsExactly("KILLED ");
  }

  @Test
  void isKilledAsSoonAsItIsKnownHow() {
    run.begin(
        listener -> {
          run.kill();
          RunningJob job = () -> kills++;
          listener.begun(job);
          assertThat(kills).isEqualTo(1);
          listener.ended(new JobOutcome.Killed());
          return job;
        });

    assertThat(kills).isEqualTo(1);
    assertThat(told).containsExactly("KILLED ");
  }

  @Test
  void failsWhenItCannotBeBegun() {
    run.begin(
        listener -> {
          throw new IOException("no worker");
        });

    assertThat(told).containsExactly("FAILED no worker");
  }

  @Test
  void tellsOfTheContextsEndWhenThatIsWhyItFailed() {
    begin();
    run.abort(Failure.of("the context ends"));
    run.ended(new JobOutcome.Failed(Failure.of("broken pipe")));

    assertThat(told).containsExactly("FAILED the context ends");
    assertThat(kills).isEqualTo(1);
  }

  @Test
  void tellsWhatWasWishedWhenNobodySaidThatItEnded() {
    begin();
    run.kill();
    run.abort(Failure.of("the context ends"));
    run.conclude();

    assertThat(told).containsExactly("KILLED ");
  }
}
