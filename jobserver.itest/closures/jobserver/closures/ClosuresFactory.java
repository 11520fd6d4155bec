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

  /** A jar that some versions of the bundle have a class of theirs in. */
  @Override
  protected List<String> jars() {
    String jar = "lib/factor.jar";
    return getClass().getResource("/" + jar) == null ? List.of() : List.of(jar);
  }
}
