package spark.jobserver.python.worker;

import java.util.ArrayDeque;
import java.util.BitSet;
import java.util.Deque;
import java.util.HashMap;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Set;
import spark.jobserver.api.Progress;

/**
 * Counts how far the Spark jobs of one job are, from what Spark tells of them in its order. It
 * remembers single stages only while a Spark job needs them, so that it stays small however long
 * the job runs. Not for several threads at once.
 */
final class Tally {
  /**
   * A stage as Spark plans it when it begins a Spark job. It may turn out that it is not needed.
   *
   * @param tasks how many it has
   * @param parents the stages whose output it reads
   */
  record Planned(int stage, int tasks, List<Integer> parents) {
    Planned {
      parents = List.copyOf(parents);
    }
  }

  /** How an attempt at a task ended. */
  enum TaskEnd {
    SUCCEEDED,
    FAILED,
    /** Spark has ended it itself, because it was not needed any more. */
    STOPPED,
    /** It had succeeded long ago, but what it made is lost. */
    LOST
  }

  /** The stages that each Spark job needs, while it runs. */
  private final Map<Integer, Set<Integer>> jobs = new HashMap<>();

  /** Those of them that have not started. */
  private final Map<Integer, Planned> planned = new HashMap<>();

  /** Those that have. */
  private final Map<Integer, Started> started = new HashMap<>();

  // Of stages that no Spark job needs any more:
  private long stages;
  private long completedStages;
  private long tasks;
  private long completedTasks;

  private long failedTasks;

  private static final class Started {
    private final BitSet partitions = new BitSet();
    private long tasks;
    private long completedBefore;
    private long active;
    private boolean completed;

    Started(long tasks) {
      this.tasks = tasks;
    }

    /** Spark begins again with what is missing. */
    void again(long missing) {
      tasks = Math.max(tasks, missing);
      completedBefore = tasks - missing;
      partitions.clear();
      completed = false;
    }

    long completedTasks() {
      return completed ? tasks : Math.min(tasks, completedBefore + partitions.cardinality());
    }
  }

  /** A Spark job starts, with these stages. */
  void jobStarted(int job, List<Planned> plan) {
    Set<Integer> needed = new HashSet<>();
    for (Planned stage : plan) {
      needed.add(stage.stage());
      if (!started.containsKey(stage.stage())) {
        planned.putIfAbsent(stage.stage(), stage);
      }
    }
    jobs.put(job, needed);
  }

  /**
   * A stage starts for this job, perhaps again.
   *
   * @param missing how many tasks have to run
   */
  void stageStarted(int stage, int missing) {
    skipParents(stage);
    Started earlier = started.get(stage);
    if (earlier == null) {
      started.put(stage, new Started(missing));
    } else {
      earlier.again(missing);
    }
  }

  /** A stage starts once it has all that it reads: parents that have not started never will. */
  private void skipParents(int stage) {
    Deque<Integer> settled = new ArrayDeque<>(List.of(stage));
    while (!settled.isEmpty()) {
      Planned next = planned.remove(settled.remove());
      if (next != null) {
        settled.addAll(next.parents());
      }
    }
  }

  /** A stage ends; one that failed may start again. */
  void stageEnded(int stage, boolean completed) {
    Started known = started.get(stage);
    if (known != null) {
      known.completed = completed;
    }
  }

  /** An attempt at a task starts. */
  void taskStarted(int stage) {
    Started known = started.get(stage);
    if (known != null) {
      known.active++;
    }
  }

  /**
   * An attempt at a task ends.
   *
   * @param partition which part of the stage's data it was for
   */
  void taskEnded(int stage, int partition, TaskEnd how) {
    Started known = started.get(stage);
    if (known == null) {
      return;
    }
    if (how != TaskEnd.LOST && known.active > 0) {
      known.active--;
    }
    switch (how) {
      case SUCCEEDED -> known.partitions.set(partition);
      case FAILED -> failedTasks++;
      case LOST -> known.partitions.clear(partition);
      case STOPPED -> {}
    }
  }

  /**
   * A Spark job ends.
   *
   * @return the stages that have started and that are not needed any more; what is told of them
   *     from now on does not count
   */
  Set<Integer> jobEnded(int job) {
    Set<Integer> left = jobs.getOrDefault(job, Set.of());
    jobs.remove(job);
    Set<Integer> settled = new HashSet<>();
    for (Integer stage : left) {
      if (jobs.values().stream().noneMatch(needed -> needed.contains(stage))) {
        planned.remove(stage);
        Started known = started.remove(stage);
        if (known != null) {
          settled.add(stage);
          stages++;
          completedStages += known.completed ? 1 : 0;
          tasks += known.tasks;
          completedTasks += known.completedTasks();
        }
      }
    }
    return settled;
  }

  /** How far the job is. */
  Progress progress() {
    long allTasks = tasks + planned.values().stream().mapToLong(Planned::tasks).sum();
    long allCompletedTasks = completedTasks;
    long allCompletedStages = completedStages;
    long activeTasks = 0;
    for (Started stage : started.values()) {
      allTasks += stage.tasks;
      allCompletedTasks += stage.completedTasks();
      allCompletedStages += stage.completed ? 1 : 0;
      activeTasks += stage.active;
    }
    return new Progress(
        stages + planned.size() + started.size(),
        allCompletedStages,
        allTasks,
        allCompletedTasks,
        activeTasks,
        failedTasks);
  }
}
