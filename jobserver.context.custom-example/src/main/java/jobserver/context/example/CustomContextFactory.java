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
  /** Refuses wrong settings before anything is started. */
  @Override
  protected Config settings(Config settings) {
    Config complete = CustomSettings.complete(settings);
    CustomSettings.of(complete);
    return complete;
  }

  @Override
  protected Object makeContext(SparkConf conf, Config settings, String name) {
    return new CustomContext(new JavaSparkContext(conf), CustomSettings.of(settings));
  }

  /** Jobs may say {@code gateway.jvm.CustomContext}. */
  @Override
  protected List<String> py4JImports() {
    return List.of("jobserver.context.example.*");
  }

  /** Jobs may import {@code custom_context}. */
  @Override
  protected List<String> pythonFiles() {
    return List.of("META-INF/python");
  }
}
