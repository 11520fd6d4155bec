package jobserver.context.example;

import java.util.concurrent.ConcurrentHashMap;
import org.apache.spark.api.java.JavaSparkContext;

/**
 * A context of one's own: whatever jobs shall have at hand besides Spark goes here. This one keeps,
 * for as long as it lives, how often its jobs have seen which word. Jobs run side by side, each in
 * a process of its own: its methods are called by several threads at once.
 */
public final class CustomContext implements AutoCloseable {
  private final JavaSparkContext javaSparkContext;
  private final CustomSettings settings;
  private final ConcurrentHashMap<String, Long> seen = new ConcurrentHashMap<>();

  CustomContext(JavaSparkContext javaSparkContext, CustomSettings settings) {
    this.javaSparkContext = javaSparkContext;
    this.settings = settings;
  }

  /** Stands for what a context of this kind can do. */
  public String customMethod() {
    return settings.greeting() + " from " + javaSparkContext.appName();
  }

  /**
   * Counts a word once more.
   *
   * @return how often all jobs of this context have seen it
   * @throws IllegalStateException when it would be one word too many
   */
  public long see(String word) {
    return seen.compute(
        word,
        (same, times) -> {
          if (times == null && seen.size() >= settings.mostWords()) {
            throw new IllegalStateException(
                "This context knows %d words already: custom.most-words allows no more"
                    .formatted(settings.mostWords()));
          }
          return times == null ? 1 : times + 1;
        });
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
