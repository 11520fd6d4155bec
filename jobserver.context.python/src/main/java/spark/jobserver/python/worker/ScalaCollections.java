package spark.jobserver.python.worker;

import java.lang.reflect.InvocationTargetException;
import java.lang.reflect.Method;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import org.apache.spark.scheduler.SparkListenerJobStart;
import org.apache.spark.scheduler.StageInfo;
import org.apache.spark.status.api.v1.ExecutorSummary;
import scala.PartialFunction;

/**
 * Reads what Spark has in sequences and maps of Scala. The type of these is not the same in all
 * versions of Scala, so it is not named here: methods that return one are found by their names
 * alone, and it is read as the function from its indices, or its keys, that it is in all versions.
 */
final class ScalaCollections {
  private static final Method STAGES = method(SparkListenerJobStart.class, "stageInfos");
  private static final Method PARENTS = method(StageInfo.class, "parentIds");
  private static final Method LOGS = method(ExecutorSummary.class, "executorLogs");

  private ScalaCollections() {}

  /** The stages that a Spark job may need. */
  static List<StageInfo> stages(SparkListenerJobStart start) {
    return read(STAGES, start, StageInfo.class);
  }

  /** The ids of the stages that a stage reads from. */
  static List<Integer> parents(StageInfo stage) {
    return read(PARENTS, stage, Integer.class);
  }

  /** The address of a log of an executor's, where Spark knows one by this name. */
  static Optional<String> log(ExecutorSummary executor, String name) {
    PartialFunction<Object, Object> byName = function(LOGS, executor);
    return byName.isDefinedAt(name) ? Optional.of((String) byName.apply(name)) : Optional.empty();
  }

  private static Method method(Class<?> owner, String name) {
    try {
      return owner.getMethod(name);
    } catch (NoSuchMethodException e) {
      throw new IllegalStateException("this Spark is none that is known", e);
    }
  }

  @SuppressWarnings("unchecked")
  private static PartialFunction<Object, Object> function(Method method, Object owner) {
    try {
      return (PartialFunction<Object, Object>) method.invoke(owner);
    } catch (IllegalAccessException | InvocationTargetException e) {
      throw new IllegalStateException(e);
    }
  }

  private static <T> List<T> read(Method method, Object owner, Class<T> type) {
    PartialFunction<Object, Object> byIndex = function(method, owner);
    List<T> elements = new ArrayList<>();
    for (int i = 0; byIndex.isDefinedAt(i); i++) {
      elements.add(type.cast(byIndex.apply(i)));
    }
    return elements;
  }
}
