package spark.jobserver.python.worker;

import java.lang.reflect.InvocationTargetException;
import java.lang.reflect.Method;
import java.util.ArrayList;
import java.util.List;
import org.apache.spark.scheduler.SparkListenerJobStart;
import org.apache.spark.scheduler.StageInfo;
import scala.PartialFunction;

/**
 * Reads what Spark has in sequences of Scala. The type of these is not the same in all versions of
 * Scala, so it is not named here: methods that return one are found by their names alone, and a
 * sequence is read as the function from its indices that it is in all versions.
 */
final class ScalaSequences {
  private static final Method STAGES = method(SparkListenerJobStart.class, "stageInfos");
  private static final Method PARENTS = method(StageInfo.class, "parentIds");

  private ScalaSequences() {}

  /** The stages that a Spark job may need. */
  static List<StageInfo> stages(SparkListenerJobStart start) {
    return read(STAGES, start, StageInfo.class);
  }

  /** The ids of the stages that a stage reads from. */
  static List<Integer> parents(StageInfo stage) {
    return read(PARENTS, stage, Integer.class);
  }

  private static Method method(Class<?> owner, String name) {
    try {
      return owner.getMethod(name);
    } catch (NoSuchMethodException e) {
      throw new IllegalStateException("this Spark is none that is known", e);
    }
  }

  private static <T> List<T> read(Method method, Object owner, Class<T> type) {
    try {
      PartialFunction<?, ?> sequence = (PartialFunction<?, ?>) method.invoke(owner);
      return elements(sequence, type);
    } catch (IllegalAccessException | InvocationTargetException e) {
      throw new IllegalStateException(e);
    }
  }

  @SuppressWarnings("unchecked")
  private static <T> List<T> elements(PartialFunction<?, ?> sequence, Class<T> type) {
    PartialFunction<Object, Object> byIndex = (PartialFunction<Object, Object>) sequence;
    List<T> elements = new ArrayList<>();
    for (int i = 0; byIndex.isDefinedAt(i); i++) {
      elements.add(type.cast(byIndex.apply(i)));
    }
    return elements;
  }
}
