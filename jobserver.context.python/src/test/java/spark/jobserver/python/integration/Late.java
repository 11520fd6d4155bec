package spark.jobserver.python.integration;

import java.util.List;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.TimeUnit;
import org.apache.spark.api.java.JavaSparkContext;

/** What jobs call in the JVM; some of it asks Spark for something only when the test says so. */
public final class Late {
  static final CompletableFuture<Void> CALLED = new CompletableFuture<>();
  static final CompletableFuture<Void> MAY_ASK = new CompletableFuture<>();
  static final CompletableFuture<Long> ANSWER = new CompletableFuture<>();

  private Late() {}

  /**
   * Is called by py4j, which interrupts the thread when the worker's server ends: not all code
   * heeds that.
   */
  public static void count(JavaSparkContext spark) {
    CALLED.complete(null);
    MAY_ASK.join();
    Thread.interrupted();
    try {
      ANSWER.complete(spark.parallelize(List.of(1, 2), 2).filter(Late::isSlow).count());
    } catch (Exception e) { // Spark's own are checked, and not declared
      ANSWER.completeExceptionally(e);
    }
  }

  /** Has a task sleep. What Spark SQL starts is interrupted by itself since Spark 4. */
  public static long sleep(JavaSparkContext spark) {
    return spark.parallelize(List.of(1), 1).filter(Late::isSlow).count();
  }

  private static boolean isSlow(int number) throws InterruptedException {
    TimeUnit.MINUTES.sleep(2);
    return number > 0;
  }
}
