package spark.jobserver.link.driver;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.io.IOException;
import java.nio.channels.ClosedChannelException;
import java.nio.file.Path;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class AcceptedJobsTest {
  @TempDir Path folder;

  @Test
  void acceptsAJobOnce() throws IOException {
    try (AcceptedJobs jobs = new AcceptedJobs(folder)) {
      assertThat(jobs.accept("a")).isTrue();
      assertThat(jobs.accept("a")).isFalse();
      jobs.delivered("a");
      assertThat(jobs.accept("a")).isFalse();
    }
  }

  @Test
  void tellsWhoComesAfterwards() throws IOException {
    assertThat(AcceptedJobs.read(folder)).isEmpty();
    try (AcceptedJobs jobs = new AcceptedJobs(folder)) {
      jobs.accept("a");
      jobs.accept("b");
      assertThat(AcceptedJobs.read(folder)).containsExactlyInAnyOrder("a", "b");
    }
  }

  @Test
  void acceptsNoJobOfAnEarlierDriver() throws IOException {
    try (AcceptedJobs earlier = new AcceptedJobs(folder)) {
      earlier.accept("a");
    }
    try (AcceptedJobs jobs = new AcceptedJobs(folder)) {
      assertThat(jobs.accept("a")).isFalse();
      assertThat(jobs.undelivered()).isEmpty();
    }
  }

  @Test
  void listsTheJobsWhoseEndIsNotCommitted() throws IOException {
    try (AcceptedJobs jobs = new AcceptedJobs(folder)) {
      jobs.accept("a");
      jobs.accept("b");
      jobs.delivered("a");
      assertThat(jobs.undelivered()).containsExactly("b");
    }
  }

  @Test
  void doesNotAcceptWhatItCannotWrite() throws IOException {
    AcceptedJobs jobs = new AcceptedJobs(folder);
    jobs.close();

    assertThatThrownBy(() -> jobs.accept("a")).isInstanceOf(ClosedChannelException.class);
    assertThat(jobs.undelivered()).isEmpty();
  }
}
