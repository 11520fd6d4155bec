package spark.jobserver.core.context;

import static org.assertj.core.api.Assertions.assertThat;
import static org.junit.jupiter.params.provider.Arguments.arguments;
import static spark.jobserver.core.context.ContextLife.Action.ANNOUNCE;
import static spark.jobserver.core.context.ContextLife.Action.AWAIT_END;
import static spark.jobserver.core.context.ContextLife.Action.CONCLUDE;
import static spark.jobserver.core.context.ContextLife.Action.RECORD;
import static spark.jobserver.core.context.ContextLife.Action.SEND_STOP;

import java.time.Instant;
import java.util.List;
import java.util.Optional;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.Arguments;
import org.junit.jupiter.params.provider.EnumSource;
import org.junit.jupiter.params.provider.MethodSource;
import spark.jobserver.api.Context;
import spark.jobserver.api.ContextState;
import spark.jobserver.api.Failure;
import spark.jobserver.core.context.ContextLife.Action;
import spark.jobserver.core.context.ContextLife.Event;

class ContextLifeTest {
  private static final Instant NOW = Instant.parse("2026-01-01T00:00:00Z");
  private static final Event READY = new Event.Ready("app-1", Optional.of("http://ui"));
  private static final Event CANNOT = new Event.CannotStart(Failure.of("no"));
  private static final Event STOP = new Event.StopAsked();
  private static final Event ENDED = new Event.Ended("Spark was stopped");
  private static final Event GONE = new Event.DriverGone(Failure.of("signal 9"));

  static Context in(ContextState state) {
    Context started = Context.started("id", "name", "factory", "{}", NOW, "", "");
    return switch (state) {
      case STARTED -> started;
      case RUNNING -> started.running("app-1", Optional.empty());
      case STOPPING -> started.running("app-1", Optional.empty()).stopping();
      case FINISHED, ERROR, KILLED -> started.ended(state, NOW, Optional.empty());
    };
  }

  static Stream<Arguments> table() {
    return Stream.of(
        row(ContextState.STARTED, READY, ContextState.RUNNING, RECORD, ANNOUNCE),
        row(ContextState.STARTED, CANNOT, ContextState.ERROR, CONCLUDE),
        row(ContextState.STARTED, STOP, ContextState.STOPPING, RECORD, SEND_STOP, AWAIT_END),
        row(ContextState.STARTED, ENDED, ContextState.ERROR, CONCLUDE),
        row(ContextState.STARTED, GONE, ContextState.ERROR, CONCLUDE),
        row(ContextState.RUNNING, READY, ContextState.RUNNING),
        row(ContextState.RUNNING, CANNOT, ContextState.RUNNING),
        row(ContextState.RUNNING, STOP, ContextState.STOPPING, RECORD, SEND_STOP, AWAIT_END),
        row(ContextState.RUNNING, ENDED, ContextState.KILLED, CONCLUDE),
        row(ContextState.RUNNING, GONE, ContextState.KILLED, CONCLUDE),
        row(ContextState.STOPPING, READY, ContextState.STOPPING),
        row(ContextState.STOPPING, CANNOT, ContextState.STOPPING),
        row(ContextState.STOPPING, STOP, ContextState.STOPPING, SEND_STOP),
        row(ContextState.STOPPING, ENDED, ContextState.STOPPING),
        row(ContextState.STOPPING, GONE, ContextState.FINISHED, CONCLUDE));
  }

  private static Arguments row(ContextState from, Event event, ContextState to, Action... actions) {
    return arguments(from, event, to, List.of(actions));
  }

  @ParameterizedTest
  @MethodSource("table")
  void leads_from_a_state_to_the_next(
      ContextState from, Event event, ContextState to, List<Action> actions) {
    ContextLife.Step step = ContextLife.next(in(from), event, NOW);

    assertThat(step.context().state()).isEqualTo(to);
    assertThat(step.actions()).isEqualTo(actions);
  }

  @ParameterizedTest
  @EnumSource(
      value = ContextState.class,
      names = {"FINISHED", "ERROR", "KILLED"})
  void never_leaves_a_final_state(ContextState end) {
    for (Event event : List.of(READY, CANNOT, STOP, ENDED, GONE)) {
      ContextLife.Step step = ContextLife.next(in(end), event, NOW);

      assertThat(step.context()).isEqualTo(in(end));
      assertThat(step.actions()).isEmpty();
    }
  }

  @Test
  void says_why_it_failed() {
    assertThat(ContextLife.next(in(ContextState.STARTED), CANNOT, NOW).context().failure())
        .contains(Failure.of("no"));
    assertThat(ContextLife.next(in(ContextState.RUNNING), GONE, NOW).context().failure())
        .contains(Failure.of("signal 9"));
    assertThat(
            ContextLife.next(in(ContextState.RUNNING), ENDED, NOW)
                .context()
                .failure()
                .orElseThrow()
                .message())
        .contains("Spark was stopped");
  }
}
