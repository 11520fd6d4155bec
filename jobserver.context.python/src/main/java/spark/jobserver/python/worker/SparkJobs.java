package spark.jobserver.python.worker;

import java.util.Arrays;
import java.util.List;
import java.util.Properties;
import java.util.Set;
import java.util.UUID;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.ConcurrentHashMap;
import org.apache.spark.SparkContext;
import org.apache.spark.scheduler.SparkListener;
import org.apache.spark.scheduler.SparkListenerApplicationEnd;
import org.apache.spark.scheduler.SparkListenerJobStart;

/**
 * The Spark jobs that workers start. Each worker's carry its tag, so that they end with it: a
 * thread of the JVM that was planning one when its worker died may start it afterwards, and that
 * one is cancelled as well.
 */
final class SparkJobs extends SparkListener {
  /** The local property in which Spark keeps the tags of a thread's jobs, with commas between. */
  static final String TAGS = "spark.job.tags";

  private final String prefix = "jobserver-worker-" + UUID.randomUUID() + "-";
  private final Set<String> live = ConcurrentHashMap.newKeySet();
  private final CompletableFuture<String> applicationEnd = new CompletableFuture<>();
  private final SparkContext spark;

  SparkJobs(SparkContext spark) {
    this.spark = spark;
    spark.addSparkListener(this);
  }

  /** The tag for the jobs of a worker, from now on alive. */
  String begin(int worker) {
    String tag = prefix + worker;
    live.add(tag);
    return tag;
  }

  /** Cancels all jobs with this tag, those too that are yet to start. */
  void end(String tag) {
    live.remove(tag);
    cancel(tag);
  }

  /** Cancels all jobs with this tag that there are now. */
  void cancel(String tag) {
    if (!spark.isStopped()) {
      spark.cancelJobsWithTag(tag);
    }
  }

  /** Completes, with words, when Spark's application has ended. */
  CompletableFuture<String> applicationEnd() {
    return applicationEnd;
  }

  @Override
  public void onJobStart(SparkListenerJobStart start) {
    if (isOfDeadWorker(start.properties()) && !spark.isStopped()) {
      spark.cancelJob(start.jobId());
    }
  }

  @Override
  public void onApplicationEnd(SparkListenerApplicationEnd end) {
    applicationEnd.complete("Spark's application has ended");
  }

  /** The tags among the properties of a Spark job, or of a stage of it, which may be null. */
  static List<String> tags(Properties properties) {
    String tags = properties == null ? null : properties.getProperty(TAGS);
    return tags == null ? List.of() : Arrays.asList(tags.split(",", -1));
  }

  private boolean isOfDeadWorker(Properties properties) {
    for (String tag : tags(properties)) {
      if (tag.startsWith(prefix) && !live.contains(tag)) {
        return true;
      }
    }
    return false;
  }
}
