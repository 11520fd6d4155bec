package jobserver.closures;

import java.util.ArrayList;
import java.util.List;
import org.apache.spark.api.java.JavaSparkContext;

/** What jobs get of the JVM. */
public final class Closures implements AutoCloseable {
  private final JavaSparkContext spark;

  Closures(JavaSparkContext spark) {
    this.spark = spark;
  }

  /** Has executors multiply the numbers 1, 2, … by what the bundle says. */
  public List<Integer> multiplied(int count) {
    List<Integer> numbers = new ArrayList<>();
    for (int number = 1; number <= count; number++) {
      numbers.add(number);
    }
    return spark.parallelize(numbers, 2).map(number -> number * Factor.get()).collect();
  }

  @Override
  public void close() {
    spark.close();
  }
}
