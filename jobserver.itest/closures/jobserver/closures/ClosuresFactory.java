package jobserver.closures;

import com.typesafe.config.Config;
import java.util.List;
import org.apache.spark.SparkConf;
import org.apache.spark.api.java.JavaSparkContext;
import spark.jobserver.python.PythonContextFactory;

/** Makes contexts whose work in the JVM needs classes of this bundle, on executors too. */
public final class ClosuresFactory extends PythonContextFactory {
  @Override
  protected Object makeContext(SparkConf conf, Config settings, String name) {
    return new Closures(new JavaSparkContext(conf));
  }

  @Override
  protected List<String> py4JImports() {
    return List.of("jobserver.closures.*");
  }
}
