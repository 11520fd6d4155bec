package jobserver.bench;

import com.fasterxml.jackson.core.JsonProcessingException;
import com.fasterxml.jackson.databind.ObjectMapper;
import org.apache.spark.SparkConf;
import org.apache.spark.api.java.JavaSparkContext;
import org.apache.spark.sql.SparkSession;
import spark.jobserver.api.context.JobRequest;

/** What an interpreter reaches as its entry point; public because py4j calls it by reflection. */
public final class JobSide {
  private final SparkSession session;
  private final JobRequest job;
  private final boolean convertsResult;
  private volatile String result;

  JobSide(SparkSession session, JobRequest job, boolean convertsResult) {
    this.session = session;
    this.job = job;
    this.convertsResult = convertsResult;
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

  /** Whether Py4J makes Java's objects of the result, one by one, as for spark-jobserver. */
  public boolean convertsResult() {
    return convertsResult;
  }

  public void finish(String json) {
    result = json;
  }

  /** Takes a result that Py4J has converted. */
  public void finishConverted(Object converted) throws JsonProcessingException {
    result = new ObjectMapper().writeValueAsString(converted);
  }

  /** The JSON text of the result; null before the job has returned. */
  String result() {
    return result;
  }
}
