package spark.jobserver.python.worker;

import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.Deque;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Set;
import spark.jobserver.api.Failure;

/**
 * Decides when workers are forked and which job gets which. It only remembers and decides: what it
 * answers to an event is for its caller to do. Not for several threads at once.
 */
final class Roster {
  /** More than this are not started at once: they would only wait for each other's processor. */
  static final int STARTING = 4;

  sealed interface Event {
    /** The zygote takes orders. */
    record ZygoteUp() implements Event {}

    /** The zygote is gone, or could not be started, and with it all workers. */
    record ZygoteDown(Failure why) implements Event {}

    /** A worker waits for its job: a new one, or one that was given to a job but not used. */
    record Waits(int worker) implements Event {}

    /** A worker's process has ended, or never became one. */
    record Gone(int worker, Failure why) implements Event {}

    /** A job wants a worker. */
    record Wanted(long job) implements Event {}

    /** A job that wanted a worker wants none any more. */
    record Unwanted(long job) implements Event {}
  }

  sealed interface Action {
    record StartZygote() implements Action {}

    /** Start a worker under this number. */
    record Fork(int worker) implements Action {}

    record Give(long job, int worker) implements Action {}

    record Refuse(long job, Failure why) implements Action {}
  }

  private enum Zygote {
    STARTING,
    /** Takes orders, but no worker of it has come up yet. */
    UP,
    PROVEN,
    DOWN
  }

  private final int idle;
  private final Set<Integer> starting = new LinkedHashSet<>();
  private final Deque<Integer> waiting = new ArrayDeque<>();
  private final Deque<Long> demands = new ArrayDeque<>();
  private Zygote zygote = Zygote.STARTING;
  private boolean failing;
  private int last;

  /**
   * @param idle how many workers shall wait when no job wants one
   */
  Roster(int idle) {
    this.idle = idle;
  }

  /** What is to be done now that this has happened. The zygote is taken to be starting at first. */
  List<Action> on(Event event) {
    List<Action> actions = new ArrayList<>();
    if (event instanceof Event.ZygoteUp) {
      zygote = Zygote.UP;
    } else if (event instanceof Event.ZygoteDown down) {
      zygoteDown(down.why(), actions);
    } else if (event instanceof Event.Waits waits) {
      starting.remove(waits.worker());
      waiting.add(waits.worker());
      zygote = Zygote.PROVEN;
      failing = false;
    } else if (event instanceof Event.Gone gone) {
      workerGone(gone, actions);
    } else if (event instanceof Event.Wanted wanted) {
      demands.add(wanted.job());
      if (zygote == Zygote.DOWN) {
        zygote = Zygote.STARTING;
        actions.add(new Action.StartZygote());
      }
    } else if (event instanceof Event.Unwanted unwanted) {
      demands.remove(unwanted.job());
    }
    while (!waiting.isEmpty() && !demands.isEmpty()) {
      actions.add(new Action.Give(demands.remove(), waiting.remove()));
    }
    fork(actions);
    return actions;
  }

  /** One that had worked is started again at once; one that had not, when a job asks for it. */
  private void zygoteDown(Failure why, List<Action> actions) {
    starting.clear();
    waiting.clear();
    if (zygote == Zygote.PROVEN) {
      zygote = Zygote.STARTING;
      actions.add(new Action.StartZygote());
    } else {
      zygote = Zygote.DOWN;
      demands.forEach(job -> actions.add(new Action.Refuse(job, why)));
      demands.clear();
    }
  }

  /** A worker that never came up takes the job that would have got it along: it is told why. */
  private void workerGone(Event.Gone gone, List<Action> actions) {
    waiting.remove((Integer) gone.worker());
    if (starting.remove(gone.worker())) {
      failing = true;
      if (!demands.isEmpty()) {
        actions.add(new Action.Refuse(demands.remove(), gone.why()));
      }
    }
  }

  private void fork(List<Action> actions) {
    if (zygote == Zygote.UP || zygote == Zygote.PROVEN) {
      int wanted = demands.size() + (failing ? 0 : idle);
      while (waiting.size() + starting.size() < wanted && starting.size() < STARTING) {
        starting.add(++last);
        actions.add(new Action.Fork(last));
      }
    }
  }
}
