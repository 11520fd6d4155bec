package spark.jobserver.python.worker;

import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.Optional;
import java.util.Properties;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.ScheduledThreadPoolExecutor;
import java.util.concurrent.ThreadPoolExecutor;
import java.util.function.Consumer;
import org.apache.spark.Resubmitted$;
import org.apache.spark.SparkContext;
import org.apache.spark.Success$;
import org.apache.spark.TaskCommitDenied;
import org.apache.spark.TaskEndReason;
import org.apache.spark.TaskKilled;
import org.apache.spark.scheduler.SparkListener;
import org.apache.spark.scheduler.SparkListenerJobEnd;
import org.apache.spark.scheduler.SparkListenerJobStart;
import org.apache.spark.scheduler.SparkListenerStageCompleted;
import org.apache.spark.scheduler.SparkListenerStageSubmitted;
import org.apache.spark.scheduler.SparkListenerTaskEnd;
import org.apache.spark.scheduler.SparkListenerTaskStart;
import org.apache.spark.scheduler.StageInfo;
import spark.jobserver.api.Progress;
import spark.jobserver.python.worker.Tally.Planned;
import spark.jobserver.python.worker.Tally.TaskEnd;

/**
 * Knows how far the jobs of a context are, from what Spark tells its listeners. A Spark job belongs
 * to the job whose worker's tag it carries, whatever thread has started it; a stage belongs to the
 * Spark job that has started it, though others may wait for it too.
 */
final class SparkProgress extends SparkListener implements AutoCloseable {
  private final ScheduledThreadPoolExecutor reporter;
  private final Map<String, ProgressWatch> watches = new ConcurrentHashMap<>();

  // Of the thread that Spark tells its listeners in: who counts what is under way.
  private final Map<Integer, ProgressWatch> jobs = new HashMap<>();
  private final Map<Integer, ProgressWatch> stages = new HashMap<>();

  SparkProgress(SparkContext spark, ContextThreads threads) {
    reporter =
        new ScheduledThreadPoolExecutor(
            1,
            work -> threads.newThread("python-progress", work),
            new ThreadPoolExecutor.DiscardPolicy());
    spark.addSparkListener(this);
  }

  /**
   * Watches over a job from now on, until the watch is closed.
   *
   * @param tag what its Spark jobs carry
   */
  ProgressWatch watch(String tag, Consumer<Progress> listener) {
    ProgressWatch watch = new ProgressWatch(listener, reporter, () -> watches.remove(tag));
    watches.put(tag, watch);
    return watch;
  }

  @Override
  public void onJobStart(SparkListenerJobStart start) {
    jobs.values().removeIf(ProgressWatch::isClosed);
    stages.values().removeIf(ProgressWatch::isClosed);
    watchOf(start.properties()).ifPresent(watch -> started(start, watch));
  }

  private void started(SparkListenerJobStart start, ProgressWatch watch) {
    List<Planned> plan = new ArrayList<>();
    for (StageInfo stage : ScalaCollections.stages(start)) {
      plan.add(new Planned(stage.stageId(), stage.numTasks(), ScalaCollections.parents(stage)));
    }
    jobs.put(start.jobId(), watch);
    watch.note(tally -> tally.jobStarted(start.jobId(), plan));
  }

  @Override
  public void onJobEnd(SparkListenerJobEnd end) {
    ProgressWatch watch = jobs.remove(end.jobId());
    if (watch != null) {
      watch.note(tally -> stages.keySet().removeAll(tally.jobEnded(end.jobId())));
    }
  }

  @Override
  public void onStageSubmitted(SparkListenerStageSubmitted submitted) {
    watchOf(submitted.properties()).ifPresent(watch -> started(submitted.stageInfo(), watch));
  }

  private void started(StageInfo stage, ProgressWatch watch) {
    stages.put(stage.stageId(), watch);
    watch.note(tally -> tally.stageStarted(stage.stageId(), stage.numTasks()));
  }

  @Override
  public void onStageCompleted(SparkListenerStageCompleted completed) {
    StageInfo stage = completed.stageInfo();
    ProgressWatch watch = stages.get(stage.stageId());
    if (watch != null) {
      watch.note(tally -> tally.stageEnded(stage.stageId(), stage.failureReason().isEmpty()));
    }
  }

  @Override
  public void onTaskStart(SparkListenerTaskStart start) {
    ProgressWatch watch = stages.get(start.stageId());
    if (watch != null) {
      watch.note(tally -> tally.taskStarted(start.stageId()));
    }
  }

  @Override
  public void onTaskEnd(SparkListenerTaskEnd end) {
    ProgressWatch watch = stages.get(end.stageId());
    if (watch != null && end.taskInfo() != null) {
      int partition = end.taskInfo().partitionId();
      TaskEnd how = how(end.reason());
      watch.note(tally -> tally.taskEnded(end.stageId(), partition, how));
    }
  }

  private static TaskEnd how(TaskEndReason reason) {
    if (reason == Success$.MODULE$) {
      return TaskEnd.SUCCEEDED;
    } else if (reason == Resubmitted$.MODULE$) {
      return TaskEnd.LOST;
    } else if (reason instanceof TaskKilled || reason instanceof TaskCommitDenied) {
      return TaskEnd.STOPPED;
    } else {
      return TaskEnd.FAILED;
    }
  }

  private Optional<ProgressWatch> watchOf(Properties properties) {
    return SparkJobs.tags(properties).stream()
        .map(watches::get)
        .filter(Objects::nonNull)
        .findFirst();
  }

  /** Ends the reports. */
  @Override
  public void close() {
    reporter.shutdownNow();
  }
}
