package spark.jobserver.core.context;

import static org.assertj.core.api.Assertions.assertThat;

import java.time.Instant;
import java.util.Optional;
import org.junit.jupiter.api.Test;
import spark.jobserver.api.Binary;
import spark.jobserver.api.BinaryType;
import spark.jobserver.api.ContextState;
import spark.jobserver.api.Failure;
import spark.jobserver.api.Job;
import spark.jobserver.api.JobState;
import spark.jobserver.api.server.ErrorCode;
import spark.jobserver.link.Event.Ending;
import spark.jobserver.link.Event.JobEnded;

class JobLifeTest {
  private static final Instant NOW = Instant.parse("2026-01-01T00:00:00Z");
  private static final Job JOB =
      new Job(
          "j-1",
          "id",
          "name",
          1,
          new Binary("egg", BinaryType.EGG, NOW, "0".repeat(64), 5),
          "jobs.Job",
          NOW,
          Optional.empty(),
          JobState.STARTED,
          Optional.empty(),
          "");
  private static final Failure WHY = new Failure("division by zero", "ZeroDivisionError", "trace");

  private static JobLife.End told(Ending ending) {
    return JobLife.told(JOB, new JobEnded("j-1", ending, WHY));
  }

  @Test
  void a_job_that_returned_is_finished_and_has_no_failure() {
    JobLife.End end = told(Ending.FINISHED);

    assertThat(end.state()).isEqualTo(JobState.FINISHED);
    assertThat(end.failure()).isEmpty();
    assertThat(end.refusal()).isEmpty();
  }

  @Test
  void a_job_that_raised_an_error_says_it() {
    JobLife.End end = told(Ending.FAILED);

    assertThat(end.state()).isEqualTo(JobState.ERROR);
    assertThat(end.failure()).contains(WHY);
    assertThat(end.refusal()).isEmpty();
  }

  @Test
  void a_job_with_invalid_input_is_on_record_and_refused() {
    JobLife.End end = told(Ending.INVALID);

    assertThat(end.state()).isEqualTo(JobState.ERROR);
    assertThat(end.refusal().orElseThrow().code()).isEqualTo(ErrorCode.VALIDATION);
    assertThat(end.refusal().orElseThrow().failure()).contains(WHY);
  }

  @Test
  void a_class_that_is_not_in_the_binary_is_named() {
    JobLife.End end = told(Ending.NOT_FOUND);

    assertThat(end.state()).isEqualTo(JobState.ERROR);
    assertThat(end.refusal().orElseThrow().code()).isEqualTo(ErrorCode.CLASS_NOT_FOUND);
    assertThat(end.refusal().orElseThrow()).hasMessage("classPath jobs.Job not found");
  }

  @Test
  void a_killed_job_has_the_words_that_clients_know() {
    JobLife.End end = told(Ending.KILLED);

    assertThat(end.state()).isEqualTo(JobState.KILLED);
    assertThat(end.failure()).contains(new Failure("Job j-1 killed", JobLife.KILLED_CLASS, ""));
  }

  @Test
  void a_job_of_a_stopped_context_says_so() {
    JobLife.End end = JobLife.contextOver(JOB, ContextLifeTest.in(ContextState.FINISHED), false);

    assertThat(end.state()).isEqualTo(JobState.ERROR);
    assertThat(end.failure()).contains(Failure.of("Context (name) for this job was terminated"));
  }

  @Test
  void a_job_of_a_driver_that_died_says_how_it_died() {
    JobLife.End end =
        JobLife.contextOver(
            JOB,
            ContextLifeTest.in(ContextState.RUNNING)
                .ended(ContextState.KILLED, NOW, Optional.of(Failure.of("signal 9"))),
            false);

    assertThat(end.state()).isEqualTo(JobState.ERROR);
    assertThat(end.failure().orElseThrow().message())
        .isEqualTo("Unexpected termination of context id: signal 9");
  }

  @Test
  void a_job_whose_driver_is_gone_after_a_restart_has_the_words_that_clients_know() {
    Failure lost = new Failure("Reconnect failed", JobLife.RECONNECT_CLASS, "");

    JobLife.End end =
        JobLife.contextOver(
            JOB,
            ContextLifeTest.in(ContextState.RUNNING)
                .ended(ContextState.KILLED, NOW, Optional.of(lost)),
            false);

    assertThat(end.failure()).contains(lost);
  }

  @Test
  void a_job_that_was_to_be_killed_is_killed_when_its_driver_dies() {
    JobLife.End end = JobLife.contextOver(JOB, ContextLifeTest.in(ContextState.KILLED), true);

    assertThat(end.state()).isEqualTo(JobState.KILLED);
  }
}
