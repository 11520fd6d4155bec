package spark.jobserver.core.context;

import java.time.Instant;
import java.util.List;
import java.util.Optional;
import spark.jobserver.api.Context;
import spark.jobserver.api.ContextState;
import spark.jobserver.api.Failure;

/** The life of a context as a pure function: what an event leads to, and what is to be done. */
final class ContextLife {
  private ContextLife() {}

  /** What can happen to a context. */
  sealed interface Event {
    /** Its driver says that Spark's application is up. */
    record Ready(String applicationId, Optional<String> url) implements Event {}

    /** It cannot be made: its driver says so, there is no driver, or the time is over. */
    record CannotStart(Failure why) implements Event {}

    /** A caller wants it to stop. */
    record StopAsked() implements Event {}

    /**
     * Its driver says that it has ended.
     *
     * @param reason why, when nobody asked for it; empty when it was asked to
     */
    record Ended(String reason) implements Event {}

    /**
     * The process of its driver is gone.
     *
     * @param why how it ended
     */
    record DriverGone(Failure why) implements Event {}
  }

  /** What is to be done. */
  enum Action {
    /** Write the context to the store. */
    RECORD,
    /** Tell the driver to stop. */
    SEND_STOP,
    /** Tell who asked for the context that it is there. */
    ANNOUNCE,
    /** Wait a while for the driver to end by itself, then kill it. */
    AWAIT_END,
    /** Kill what is left of the driver, end the jobs, write the context to the store, clean up. */
    CONCLUDE
  }

  /** What an event leads to. */
  record Step(Context context, List<Action> actions) {
    Step {
      actions = List.copyOf(actions);
    }

    Step(Context context, Action... actions) {
      this(context, List.of(actions));
    }
  }

  /** Decides. An event that no longer matters changes nothing and asks for nothing. */
  static Step next(Context context, Event event, Instant now) {
    return switch (context.state()) {
      case STARTED -> started(context, event, now);
      case RUNNING -> running(context, event, now);
      case STOPPING -> stopping(context, event, now);
      case FINISHED, ERROR, KILLED -> new Step(context);
    };
  }

  private static Step started(Context context, Event event, Instant now) {
    if (event instanceof Event.Ready ready) {
      return new Step(
          context.running(ready.applicationId(), ready.url()), Action.RECORD, Action.ANNOUNCE);
    }
    if (event instanceof Event.StopAsked) {
      return new Step(context.stopping(), Action.RECORD, Action.SEND_STOP, Action.AWAIT_END);
    }
    return concluded(context, ContextState.ERROR, now, why(event));
  }

  private static Step running(Context context, Event event, Instant now) {
    // A context that is up has started: the clock that says otherwise was late.
    if (event instanceof Event.Ready || event instanceof Event.CannotStart) {
      return new Step(context);
    }
    if (event instanceof Event.StopAsked) {
      return new Step(context.stopping(), Action.RECORD, Action.SEND_STOP, Action.AWAIT_END);
    }
    return concluded(context, ContextState.KILLED, now, why(event));
  }

  private static Step stopping(Context context, Event event, Instant now) {
    if (event instanceof Event.DriverGone) {
      return concluded(context, ContextState.FINISHED, now, Optional.empty());
    }
    // What has ended or failed while it was stopping still has a process, which is waited for.
    return event instanceof Event.StopAsked
        ? new Step(context, Action.SEND_STOP)
        : new Step(context);
  }

  private static Step concluded(
      Context context, ContextState end, Instant now, Optional<Failure> why) {
    return new Step(context.ended(end, now, why), Action.CONCLUDE);
  }

  private static Optional<Failure> why(Event event) {
    if (event instanceof Event.CannotStart failed) {
      return Optional.of(failed.why());
    }
    if (event instanceof Event.DriverGone gone) {
      return Optional.of(gone.why());
    }
    if (event instanceof Event.Ended ended) {
      return Optional.of(Failure.of("The driver ended the context: " + ended.reason()));
    }
    return Optional.empty();
  }
}
