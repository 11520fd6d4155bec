package jobserver.context.example;

import org.apache.spark.api.java.JavaSparkContext;

/** A context of one's own: whatever jobs shall have at hand besides Spark goes here. */
public final class CustomContext implements AutoCloseable {
  private final JavaSparkContext javaSparkContext;

  CustomContext(JavaSparkContext javaSparkContext) {
    this.javaSparkContext = javaSparkContext;
  }

  /** Stands for what a context of this kind can do. */
  public String customMethod() {
    return "hello from " + javaSparkContext.appName();
  }

  /** What a job's {@code build_context} makes PySpark's SparkContext of. */
  public JavaSparkContext javaSparkContext() {
    return javaSparkContext;
  }

  @Override
  public void close() {
    javaSparkContext.close();
  }
}
