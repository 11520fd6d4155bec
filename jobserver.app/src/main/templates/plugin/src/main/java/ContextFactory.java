package @package@;

import com.typesafe.config.Config;
import com.typesafe.config.ConfigFactory;
import java.util.List;
import org.apache.spark.SparkConf;
import org.apache.spark.api.java.JavaSparkContext;
import org.osgi.service.component.annotations.Component;
import spark.jobserver.api.context.ContextFactory;
import spark.jobserver.python.PythonContextFactory;

/** Makes a {@link @Class@Context} for jobs written in Python. */
@Component(
    service = ContextFactory.class,
    property = ContextFactory.NAME + "=@package@.@Class@ContextFactory")
public final class @Class@ContextFactory extends PythonContextFactory {
  private static final Config DEFAULTS = ConfigFactory.parseString("@name@.greeting = hello");

  /** Refuses wrong settings before anything is started; the caller is told the message. */
  @Override
  protected Config settings(Config settings) {
    Config complete = settings.withFallback(DEFAULTS);
    if (complete.getString("@name@.greeting").isBlank()) {
      throw new IllegalArgumentException("@name@.greeting must not be blank");
    }
    return complete;
  }

  @Override
  protected Object makeContext(SparkConf conf, Config settings, String name) {
    return new @Class@Context(new JavaSparkContext(conf), settings.getString("@name@.greeting"));
  }

  /** Jobs may import @module@_context. */
  @Override
  protected List<String> pythonFiles() {
    return List.of("META-INF/python");
  }
}
