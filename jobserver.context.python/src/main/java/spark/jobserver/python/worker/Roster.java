package spark.jobserver.python.worker;

import java.time.Duration;
import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.Deque;
import java.util.Iterator;
import java.util.LinkedHashMap;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import spark.jobserver.api.Failure;

/**
 * Decides when workers are forked and which job gets which. It only remembers and decides: what it
 * answers to an event is for its caller to do. Not for several threads at once.
 *
 * <p>A worker that a job has got is replaced a moment later, not at once: a fork and what a worker
 * does until it waits take more of the processor than a short job, and would hold it up. As long as
 * another waits the moment is longer. A job that finds none waiting gets one forked at once, and
 * from then on one more is kept waiting; one less again for each while in which no job has missed
 * one.
 *
 * <p>Where workers stay when their job has ended, they wait for another with the same binary, for
 * modules of two versions must not meet in one process. Such a job gets the one that was used last.
 */
final class Roster {
  /** More than this are not started at once: they would only wait for each other's processor. */
  static final int STARTING = 4;

  /** In this time a short job is done, and its result is with the server. */
  static final Duration MOMENT = Duration.ofMillis(25);

  /** In this time most jobs are done that ask Spark for something small. */
  static final Duration LONG_MOMENT = Duration.ofMillis(125);

  /** For so long more are kept waiting than are always kept. */
  static final Duration WHILE = Duration.ofSeconds(30);

  sealed interface Event {
    /** The zygote takes orders. */
    record ZygoteUp() implements Event {}

    /** The zygote is gone, or could not be started, and with it all workers. */
    record ZygoteDown(Failure why) implements Event {}

    /** A worker waits for its job: a new one, or one that was given to a job but not used. */
    record Waits(int worker) implements Event {}

    /** A worker has ended its job, and waits for another with the same binary. */
    record Stays(int worker, String binary) implements Event {}

    /** A worker's process has ended, or never became one. */
    record Gone(int worker, Failure why) implements Event {}

    /** A job wants a worker: one that has imported nothing yet, or has run this binary. */
    record Wanted(long job, String binary) implements Event {}

    /** A job that wanted a worker wants none any more. */
    record Unwanted(long job) implements Event {}

    /**
     * The moment after a job has got its worker is over.
     *
     * @param moment which
     */
    record MomentOver(int moment) implements Event {}

    /** A {@link #WHILE} is over. */
    record WhileOver() implements Event {}
  }

  sealed interface Action {
    record StartZygote() implements Action {}

    /** Start a worker under this number. */
    record Fork(int worker) implements Action {}

    record Give(long job, int worker) implements Action {}

    record Refuse(long job, Failure why) implements Action {}

    /** End a worker that waits. */
    record Retire(int worker) implements Action {}

    /** Tell of {@link Event.MomentOver} when this time has passed. */
    record AwaitMoment(int moment, Duration length) implements Action {}

    /** Tell of {@link Event.WhileOver} when it is. */
    record AwaitWhile() implements Action {}
  }

  private enum Zygote {
    STARTING,
    /** Takes orders, but no worker of it has come up yet. */
    UP,
    PROVEN,
    DOWN
  }

  private final int idle;
  private final int mostIdle;
  private final Set<Integer> starting = new LinkedHashSet<>();
  private final Deque<Integer> waiting = new ArrayDeque<>();

  /** The binaries of those that wait for another job, by number; the one used last is last. */
  private final Map<Integer, String> used = new LinkedHashMap<>();

  private final Deque<Event.Wanted> demands = new ArrayDeque<>();
  private Zygote zygote = Zygote.STARTING;
  private boolean failing;
  private int last;

  /** How many are kept waiting now. */
  private int target;

  private Optional<Action.AwaitMoment> moment = Optional.empty();
  private int lastMoment;
  private boolean inWhile;
  private boolean missed;

  /**
   * @param idle how many workers shall wait at least when no job wants one
   * @param mostIdle how many at most, where jobs come so fast that some found none
   */
  Roster(int idle, int mostIdle) {
    this.idle = idle;
    this.mostIdle = Math.max(idle, mostIdle);
    this.target = idle;
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
    } else if (event instanceof Event.Stays stays) {
      stays(stays, actions);
    } else if (event instanceof Event.Gone gone) {
      workerGone(gone, actions);
    } else if (event instanceof Event.Wanted wanted) {
      noteMiss(wanted, actions);
      demands.add(wanted);
      if (zygote == Zygote.DOWN) {
        zygote = Zygote.STARTING;
        actions.add(new Action.StartZygote());
      }
    } else if (event instanceof Event.Unwanted unwanted) {
      demands.removeIf(demand -> demand.job() == unwanted.job());
    } else if (event instanceof Event.MomentOver over) {
      moment = moment.filter(awaited -> awaited.moment() != over.moment());
    } else if (event instanceof Event.WhileOver) {
      whileOver(actions);
    }
    give(actions);
    fork(actions);
    return actions;
  }

  /** Whether a worker that was to be started under this number is still to be. */
  boolean expects(int worker) {
    return starting.contains(worker);
  }

  /** How many wait for a job now. */
  int waiting() {
    return waiting.size() + used.size();
  }

  private void give(List<Action> actions) {
    for (Iterator<Event.Wanted> next = demands.iterator(); next.hasNext(); ) {
      Event.Wanted demand = next.next();
      Optional<Integer> again = usedLast(demand.binary());
      if (again.isPresent()) {
        used.remove(again.get());
        actions.add(new Action.Give(demand.job(), again.get()));
        next.remove();
      } else if (!waiting.isEmpty()) {
        actions.add(new Action.Give(demand.job(), waiting.remove()));
        next.remove();
        awaitMoment(waiting.isEmpty() ? MOMENT : LONG_MOMENT, actions);
      }
    }
  }

  /** One that is awaited goes on, unless this one is shorter. */
  private void awaitMoment(Duration length, List<Action> actions) {
    if (moment.filter(awaited -> awaited.length().compareTo(length) <= 0).isEmpty()) {
      Action.AwaitMoment next = new Action.AwaitMoment(++lastMoment, length);
      moment = Optional.of(next);
      actions.add(next);
    }
  }

  private Optional<Integer> usedLast(String binary) {
    Optional<Integer> last = Optional.empty();
    for (Map.Entry<Integer, String> worker : used.entrySet()) {
      if (worker.getValue().equals(binary)) {
        last = Optional.of(worker.getKey());
      }
    }
    return last;
  }

  private void stays(Event.Stays stays, List<Action> actions) {
    used.put(stays.worker(), stays.binary());
    if (used.size() > mostIdle) {
      retireUsed(actions);
    }
    awaitWhile(actions);
  }

  /** Ends the one that has waited longest for another job with its binary. */
  private void retireUsed(List<Action> actions) {
    int eldest = used.keySet().iterator().next();
    used.remove(eldest);
    actions.add(new Action.Retire(eldest));
  }

  /** A job that finds no worker waiting, though workers do come up. */
  private void noteMiss(Event.Wanted wanted, List<Action> actions) {
    if (!waiting.isEmpty()
        || zygote != Zygote.PROVEN
        || idle == 0
        || usedLast(wanted.binary()).isPresent()) {
      return;
    }
    missed = true;
    if (target < mostIdle) {
      target++;
    }
    awaitWhile(actions);
  }

  private void awaitWhile(List<Action> actions) {
    if (!inWhile && (target > idle || used.size() > idle)) {
      inWhile = true;
      actions.add(new Action.AwaitWhile());
    }
  }

  private void whileOver(List<Action> actions) {
    inWhile = false;
    if (!missed && target > idle) {
      target--;
      if (waiting.size() > target) {
        actions.add(new Action.Retire(waiting.removeLast()));
      }
    }
    if (!missed && used.size() > idle) {
      retireUsed(actions);
    }
    missed = false;
    awaitWhile(actions);
  }

  /** One that had worked is started again at once; one that had not, when a job asks for it. */
  private void zygoteDown(Failure why, List<Action> actions) {
    starting.clear();
    waiting.clear();
    used.clear();
    if (zygote == Zygote.PROVEN) {
      zygote = Zygote.STARTING;
      actions.add(new Action.StartZygote());
    } else {
      zygote = Zygote.DOWN;
      demands.forEach(demand -> actions.add(new Action.Refuse(demand.job(), why)));
      demands.clear();
    }
  }

  /**
   * A worker that never came up is started again for the job that waits, once; the next in a row,
   * and any as long as none has come up at all, takes the job along: it is told why.
   */
  private void workerGone(Event.Gone gone, List<Action> actions) {
    waiting.remove((Integer) gone.worker());
    used.remove(gone.worker());
    if (starting.remove(gone.worker())) {
      boolean again = failing || zygote != Zygote.PROVEN;
      failing = true;
      if (again && !demands.isEmpty()) {
        actions.add(new Action.Refuse(demands.remove().job(), gone.why()));
      }
    }
  }

  private void fork(List<Action> actions) {
    if (zygote == Zygote.UP || zygote == Zygote.PROVEN) {
      int kept = failing || moment.isPresent() ? 0 : target;
      int wanted = demands.size() + kept;
      while (waiting.size() + starting.size() < wanted && starting.size() < STARTING) {
        starting.add(++last);
        actions.add(new Action.Fork(last));
      }
    }
  }
}
