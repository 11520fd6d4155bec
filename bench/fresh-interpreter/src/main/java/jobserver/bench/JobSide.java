package jobserver.bench;

import org.apache.spark.SparkConf;
import org.apache.spark.api.java.JavaSparkContext;
import org.apache.spark.sql.SparkSession;
import spark.jobserver.api.context.JobRequest;

/** What an interpreter reaches as its entry point; public because py4j calls it by reflection. */
public final class JobSide {
  private final SparkSession session;
  private final JobRequest job;
  private volatile String result;

  JobSide(SparkSession session, JobRequest job) {
    this.session = session;
    this.job = job;
  }

  public SparkSession session() {
    return session;
  }

  public JavaSparkContext sparkContext() {
    return JavaSparkContext.fromSparkContext(session.sparkContext());
  }

  public SparkConf conf() {
    return session.sparkContext().getConf();
  }

  public String archive() {
    return job.archive().toString();
  }

  public String classPath() {
    return job.classPath();
  }

  public String config() {
    return job.config();
  }

  public void finish(String json) {
    result = json;
  }

  /** The JSON text of the result; null before the job has returned. */
  String result() {
    return result;
  }
}
