package spark.jobserver.driver;

import java.util.List;

/** The life of the driver's one context, as a pure function: what an event leads to. */
final class Life {
  private Life() {}

  /** Where the context is in its life. */
  enum State {
    /** The driver was not told to make one. */
    NONE,
    MAKING,
    READY,
    /** It ends or has ended or never came up; the driver leaves. */
    ENDING
  }

  /** What can happen. */
  enum Event {
    /** The server wants the context. */
    MAKE,
    /** The factory has made it. */
    MADE,
    /** It cannot be made. */
    FAILED,
    /** The server wants it to stop. */
    STOP,
    /** It has stopped working. */
    BROKEN,
    /** The server is gone for good, or does not want this driver. */
    ABANDONED,
    /** This process is being stopped. */
    SHUTDOWN
  }

  /** What is to be done, in this order. */
  enum Action {
    BEGIN_MAKING,
    TELL_READY,
    TELL_FAILED,
    /** Interrupt the factory and give it a moment. */
    CANCEL_MAKING,
    /** End the jobs that are left, and close the context. */
    END_CONTEXT,
    TELL_ENDED,
    /** Deliver what can be delivered, and end the process. */
    LEAVE
  }

  /** What an event leads to. */
  record Step(State state, List<Action> actions) {
    private static Step to(State state, Action... actions) {
      return new Step(state, List.of(actions));
    }
  }

  /** Decides. An event that no longer matters changes nothing and asks for nothing. */
  static Step next(State state, Event event) {
    return switch (state) {
      case NONE ->
          switch (event) {
            case MAKE -> Step.to(State.MAKING, Action.BEGIN_MAKING);
            case STOP, ABANDONED, SHUTDOWN ->
                Step.to(State.ENDING, Action.TELL_ENDED, Action.LEAVE);
            case MADE, FAILED, BROKEN -> Step.to(state);
          };
      case MAKING ->
          switch (event) {
            case MADE -> Step.to(State.READY, Action.TELL_READY);
            case FAILED -> Step.to(State.ENDING, Action.TELL_FAILED, Action.LEAVE);
            case STOP, ABANDONED, SHUTDOWN ->
                Step.to(State.ENDING, Action.CANCEL_MAKING, Action.TELL_ENDED, Action.LEAVE);
            case MAKE, BROKEN -> Step.to(state);
          };
      case READY ->
          switch (event) {
            case STOP, BROKEN, ABANDONED, SHUTDOWN ->
                Step.to(State.ENDING, Action.END_CONTEXT, Action.TELL_ENDED, Action.LEAVE);
            case MAKE, MADE, FAILED -> Step.to(state);
          };
      case ENDING -> Step.to(state);
    };
  }
}
