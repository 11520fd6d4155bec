package @package@;

import org.apache.spark.api.java.JavaSparkContext;

/** What jobs have at hand. Jobs run side by side: its methods are called by several threads. */
public final class @Class@Context implements AutoCloseable {
  private final JavaSparkContext spark;
  private final String greeting;

  @Class@Context(JavaSparkContext spark, String greeting) {
    this.spark = spark;
    this.greeting = greeting;
  }

  public String greet(String name) {
    return greeting + " " + name;
  }

  public JavaSparkContext spark() {
    return spark;
  }

  @Override
  public void close() {
    spark.close();
  }
}
