package spark.jobserver.python;

import com.typesafe.config.Config;
import org.apache.spark.SparkConf;
import org.apache.spark.sql.SparkSession;
import org.osgi.service.component.annotations.Component;
import spark.jobserver.api.context.ContextFactory;

/**
 * Makes a SparkSession: the default context factory. It has Hive only when {@code
 * spark.session.hive.enabled} is true; its metastore is then one of the context's own, in the
 * driver's working directory, unless Spark's configuration names another.
 */
@Component(
    service = ContextFactory.class,
    property = {
      ContextFactory.NAME + "=spark.jobserver.python.PythonSessionContextFactory",
      ContextFactory.SPARE + ":Boolean=true"
    })
public final class PythonSessionContextFactory extends PythonContextFactory {
  private static final String HIVE = "spark.session.hive.enabled";

  @Override
  protected Object makeContext(SparkConf conf, Config settings, String name) {
    SparkSession.Builder builder = SparkSession.builder().config(conf);
    if (settings.hasPath(HIVE) && settings.getBoolean(HIVE)) {
      builder.enableHiveSupport();
    }
    return builder.getOrCreate();
  }
}
