package spark.jobserver.python.worker;

import static org.assertj.core.api.Assertions.assertThat;

import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.Deque;
import java.util.List;
import java.util.concurrent.ScheduledFuture;
import java.util.concurrent.ScheduledThreadPoolExecutor;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;
import spark.jobserver.api.Progress;
import spark.jobserver.python.worker.Tally.Planned;

class ProgressWatchTest {
  /** Does what was put off when the test says that its time has come. */
  private static final class Later extends ScheduledThreadPoolExecutor {
    private final Deque<Runnable> put = new ArrayDeque<>();

    Later() {
      super(1);
    }

    @Override
    public ScheduledFuture<?> schedule(Runnable work, long delay, TimeUnit unit) {
      assertThat(unit.toMillis(delay)).isEqualTo(500);
      put.add(work);
      return super.schedule(() -> {}, 0, unit);
    }
  }

  private final Later later = new Later();
  private final List<Progress> told = new ArrayList<>();
  private int closed;
  private final ProgressWatch watch = new ProgressWatch(told::add, later, () -> closed++);

  @AfterEach
  void shutDown() {
    later.shutdownNow();
  }

  private void stage(int id) {
    watch.note(tally -> tally.jobStarted(id, List.of(new Planned(id, 1, List.of()))));
  }

  private static Progress stages(int count) {
    return new Progress(count, 0, count, 0, 0, 0);
  }

  @Test
  void reportsOnceWhatHappensInAPeriod() {
    stage(1);
    stage(2);
    assertThat(told).isEmpty();
    assertThat(later.put).hasSize(1);

    later.put.remove().run();
    assertThat(told).containsExactly(stages(2));

    stage(3);
    assertThat(later.put).hasSize(1);
    later.put.remove().run();
    assertThat(told).containsExactly(stages(2), stages(3));
  }

  @Test
  void reportsNothingWhereNothingHasChanged() {
    stage(1);
    later.put.remove().run();
    stage(1);
    later.put.remove().run();
    watch.close();

    assertThat(told).containsExactly(stages(1));
  }

  @Test
  void reportsTheLastStateAtTheEndAndNothingAfterIt() {
    stage(1);
    watch.close();
    assertThat(told).containsExactly(stages(1));
    assertThat(closed).isEqualTo(1);

    later.put.remove().run();
    stage(2);
    later.put.forEach(Runnable::run);
    watch.close();
    assertThat(told).containsExactly(stages(1));
  }

  @Test
  void reportsNothingOfAJobThatAsksSparkForNothing() {
    watch.close();

    assertThat(told).isEmpty();
    assertThat(later.put).isEmpty();
  }
}
