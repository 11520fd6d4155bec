package spark.jobserver.driver;

import static org.assertj.core.api.Assertions.assertThat;
import static spark.jobserver.driver.Life.Action.BEGIN_MAKING;
import static spark.jobserver.driver.Life.Action.CANCEL_MAKING;
import static spark.jobserver.driver.Life.Action.END_CONTEXT;
import static spark.jobserver.driver.Life.Action.LEAVE;
import static spark.jobserver.driver.Life.Action.TELL_ENDED;
import static spark.jobserver.driver.Life.Action.TELL_FAILED;
import static spark.jobserver.driver.Life.Action.TELL_READY;
import static spark.jobserver.driver.Life.Event.ABANDONED;
import static spark.jobserver.driver.Life.Event.BROKEN;
import static spark.jobserver.driver.Life.Event.FAILED;
import static spark.jobserver.driver.Life.Event.MADE;
import static spark.jobserver.driver.Life.Event.MAKE;
import static spark.jobserver.driver.Life.Event.SHUTDOWN;
import static spark.jobserver.driver.Life.Event.STOP;
import static spark.jobserver.driver.Life.State.ENDING;
import static spark.jobserver.driver.Life.State.MAKING;
import static spark.jobserver.driver.Life.State.NONE;
import static spark.jobserver.driver.Life.State.READY;

import java.util.HashSet;
import java.util.List;
import java.util.Set;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;
import org.junit.jupiter.params.provider.FieldSource;

class LifeTest {
  private record Row(Life.State from, Life.Event event, Life.State to, List<Life.Action> actions) {}

  private static Row row(Life.State from, Life.Event event, Life.State to, Life.Action... actions) {
    return new Row(from, event, to, List.of(actions));
  }

  static final List<Row> TABLE =
      List.of(
          row(NONE, MAKE, MAKING, BEGIN_MAKING),
          row(NONE, MADE, NONE),
          row(NONE, FAILED, NONE),
          row(NONE, STOP, ENDING, TELL_ENDED, LEAVE),
          row(NONE, BROKEN, NONE),
          row(NONE, ABANDONED, ENDING, TELL_ENDED, LEAVE),
          row(NONE, SHUTDOWN, ENDING, TELL_ENDED, LEAVE),
          // the server repeats itself after a break
          row(MAKING, MAKE, MAKING),
          row(MAKING, MADE, READY, TELL_READY),
          row(MAKING, FAILED, ENDING, TELL_FAILED, LEAVE),
          row(MAKING, STOP, ENDING, CANCEL_MAKING, TELL_ENDED, LEAVE),
          row(MAKING, BROKEN, MAKING),
          row(MAKING, ABANDONED, ENDING, CANCEL_MAKING, TELL_ENDED, LEAVE),
          row(MAKING, SHUTDOWN, ENDING, CANCEL_MAKING, TELL_ENDED, LEAVE),
          row(READY, MAKE, READY),
          row(READY, MADE, READY),
          row(READY, FAILED, READY),
          row(READY, STOP, ENDING, END_CONTEXT, TELL_ENDED, LEAVE),
          row(READY, BROKEN, ENDING, END_CONTEXT, TELL_ENDED, LEAVE),
          row(READY, ABANDONED, ENDING, END_CONTEXT, TELL_ENDED, LEAVE),
          row(READY, SHUTDOWN, ENDING, END_CONTEXT, TELL_ENDED, LEAVE));

  @ParameterizedTest
  @FieldSource("TABLE")
  void goesAsTheTableSays(Row row) {
    Life.Step step = Life.next(row.from, row.event);

    assertThat(step.state()).isEqualTo(row.to);
    assertThat(step.actions()).isEqualTo(row.actions);
  }

  @ParameterizedTest
  @EnumSource(Life.Event.class)
  void isOverOnce(Life.Event event) {
    assertThat(Life.next(ENDING, event)).isEqualTo(new Life.Step(ENDING, List.of()));
  }

  @Test
  void isDescribedWholly() {
    Set<List<Enum<?>>> rows = new HashSet<>();
    TABLE.forEach(row -> rows.add(List.of(row.from, row.event)));

    assertThat(rows).hasSize(TABLE.size()).hasSize(3 * Life.Event.values().length);
  }
}
