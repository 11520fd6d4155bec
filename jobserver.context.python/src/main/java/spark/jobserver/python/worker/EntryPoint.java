package spark.jobserver.python.worker;

import com.fasterxml.jackson.databind.node.ArrayNode;
import java.util.Properties;
import java.util.concurrent.ConcurrentHashMap;
import org.apache.spark.SparkConf;
import org.apache.spark.SparkContext;
import org.apache.spark.api.java.JavaSparkContext;
import org.apache.spark.sql.SparkSession;
import scala.Tuple2;

/**
 * What a worker reaches as {@code gateway.entry_point}; public because py4j calls it by reflection.
 * One for all workers of a context.
 */
public final class EntryPoint {
  private final SparkSession session;
  private final JavaSparkContext sparkContext;
  private final Object context;
  private final ConcurrentHashMap<String, Object> namedObjects = new ConcurrentHashMap<>();

  /**
   * @param session null for a custom context
   * @param context what the factory made
   */
  EntryPoint(SparkSession session, JavaSparkContext sparkContext, Object context) {
    this.session = session;
    this.sparkContext = sparkContext;
    this.context = context;
  }

  /** The session that jobs share; null for a custom context. */
  public SparkSession session() {
    return session;
  }

  public JavaSparkContext jsc() {
    return sparkContext;
  }

  /**
   * Spark's configuration as a JSON array of pairs: one call in place of two for each entry.
   *
   * @throws Exception never: there is always such a text
   */
  public String confJson() throws Exception {
    ArrayNode pairs = Connection.JSON.createArrayNode();
    SparkConf conf = sparkContext.getConf();
    for (Tuple2<String, String> entry : conf.getAll()) {
      pairs.addArray().add(entry._1()).add(entry._2());
    }
    return Connection.JSON.writeValueAsString(pairs);
  }

  /**
   * Makes the calling thread, which is that of a worker's main thread, as it was before its job: no
   * local property of Spark but what marks its Spark jobs, and the shared session the active one.
   *
   * @param tag the worker's
   */
  public void settle(String tag) {
    SparkContext spark = sparkContext.sc();
    spark.setLocalProperties(new Properties());
    spark.addJobTag(tag);
    spark.setInterruptOnCancel(true);
    if (session != null) {
      SparkSession.setActiveSession(session);
    }
  }

  /** What the factory made. */
  public Object jvmContext() {
    return context;
  }

  /** The objects that jobs share by name. */
  public ConcurrentHashMap<String, Object> namedObjects() {
    return namedObjects;
  }
}
