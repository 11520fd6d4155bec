package jobserver.context.example;

import com.typesafe.config.Config;
import java.util.List;
import org.apache.spark.SparkConf;
import org.apache.spark.api.java.JavaSparkContext;
import org.osgi.service.component.annotations.Component;
import spark.jobserver.api.context.ContextFactory;
import spark.jobserver.python.PythonContextFactory;

/** Makes a {@link CustomContext} for jobs written in Python. */
@Component(
    service = ContextFactory.class,
    property = ContextFactory.NAME + "=jobserver.context.example.CustomContextFactory")
public final class CustomContextFactory extends PythonContextFactory {
  @Override
  protected Object makeContext(SparkConf conf, Config settings, String name) {
    return new CustomContext(new JavaSparkContext(conf));
  }

  /** Jobs may say {@code gateway.jvm.CustomContext}. */
  @Override
  protected List<String> py4JImports() {
    return List.of("jobserver.context.example.*");
  }
}
