package spark.jobserver.python.worker;

import java.lang.reflect.InvocationTargetException;
import java.lang.reflect.Method;
import java.util.HashMap;
import java.util.Map;
import java.util.Optional;
import java.util.OptionalLong;
import org.apache.spark.SparkContext;
import org.apache.spark.rdd.RDD;
import org.apache.spark.sql.Dataset;
import org.apache.spark.storage.RDDInfo;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;
import scala.Option;

/**
 * How much Spark holds of the data of RDDs and DataFrames: what it says at the first question. It
 * is asked once, and nothing is computed for it.
 */
final class HeldData {
  private static final Logger logger = LoggerFactory.getLogger(HeldData.class);

  private final SparkContext spark;
  private Optional<Map<Integer, Long>> bytes = Optional.empty();

  HeldData(SparkContext spark) {
    this.spark = spark;
  }

  /**
   * The bytes held of an RDD, in memory and on disks; empty when Spark does not say it any more.
   */
  OptionalLong of(RDD<?> rdd) {
    try {
      return OptionalLong.of(bytes().getOrDefault(rdd.id(), 0L));
    } catch (RuntimeException e) {
      logger.debug("What Spark holds is not known", e);
      return OptionalLong.empty();
    }
  }

  private Map<Integer, Long> bytes() {
    if (bytes.isEmpty()) {
      Map<Integer, Long> asked = new HashMap<>();
      for (RDDInfo held : spark.getRDDStorageInfo()) {
        asked.put(held.id(), held.memSize() + held.diskSize());
      }
      bytes = Optional.of(asked);
    }
    return bytes.get();
  }

  /**
   * The bytes held of a DataFrame, in memory and on disks; empty unless all of it is held, for only
   * then Spark says in which RDD.
   */
  OptionalLong of(Dataset<?> frame) {
    try {
      return rddOf(frame).map(this::of).orElse(OptionalLong.empty());
    } catch (ReflectiveOperationException | RuntimeException e) {
      logger.debug("The data that Spark holds of a DataFrame is not found", e);
      return OptionalLong.empty();
    }
  }

  /**
   * The RDD that holds the data of a DataFrame. The way to it is public in all versions of Spark,
   * but leads over types that have other names in some; so methods are found by their names alone.
   */
  private static Optional<RDD<?>> rddOf(Dataset<?> frame) throws ReflectiveOperationException {
    Object cache = call(call(call(frame, "sparkSession"), "sharedState"), "cacheManager");
    Option<?> cached = lookUp(cache, frame);
    if (cached.isEmpty()) {
      return Optional.empty();
    }
    Object builder = call(call(cached.get(), "cachedRepresentation"), "cacheBuilder");
    return call(builder, "isCachedColumnBuffersLoaded").equals(true)
        ? Optional.of((RDD<?>) call(builder, "cachedColumnBuffers"))
        : Optional.empty();
  }

  private static Object call(Object object, String method)
      throws NoSuchMethodException, IllegalAccessException, InvocationTargetException {
    return object.getClass().getMethod(method).invoke(object);
  }

  private static Option<?> lookUp(Object cache, Dataset<?> frame)
      throws NoSuchMethodException, IllegalAccessException, InvocationTargetException {
    for (Method method : cache.getClass().getMethods()) {
      if (method.getName().equals("lookupCachedData")
          && method.getParameterCount() == 1
          && method.getParameterTypes()[0].isInstance(frame)) {
        return (Option<?>) method.invoke(cache, frame);
      }
    }
    throw new NoSuchMethodException("lookupCachedData");
  }
}
