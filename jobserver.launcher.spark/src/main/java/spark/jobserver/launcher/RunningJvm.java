package spark.jobserver.launcher;

import java.util.Objects;
import java.util.Set;
import java.util.TreeSet;
import java.util.regex.Pattern;

/**
 * What a driver's JVM that runs already can still take: the properties that Spark reads when a
 * SparkContext or a session is made. Not those that are of the JVM, its class path and its
 * environment, those that spark-submit acts upon, and those that Spark reads once in the life of a
 * JVM. A property that is not known to be of the first kind counts as one of the others.
 */
final class RunningJvm {
  private static final Pattern TAKEN =
      Pattern.compile(
          "spark\\.(app\\.name|authenticate|master|cores\\.max|default\\.parallelism"
              + "|driver\\.maxResultSize"
              + "|(broadcast|cleaner|dynamicAllocation|excludeOnFailure|executor|executorEnv|io"
              + "|kryo|kryoserializer|locality|memory|ml|network|pyspark|python|rdd|reducer|rpc"
              + "|scheduler|serializer|shuffle|speculation|sql|storage|streaming|task|ui)(\\..+)?)");

  private static final Pattern ONCE =
      Pattern.compile(
          "spark\\.sql\\.(hive|catalog|warehouse|artifact)\\b.*"
              + "|spark\\.sql\\.(catalogImplementation|extensions)"
              + "|spark\\.sql\\.(codegen\\.cache|metadataCache|filesourceTableRelationCacheSize).*"
              + "|spark\\.sql\\.\\w+\\.maxThreadThreshold");

  private RunningJvm() {}

  /**
   * Whether a JVM that was started with some properties can make a context with others.
   *
   * @param started what it was started with
   * @param wanted what the context is to have
   */
  static boolean takes(SparkProperties started, SparkProperties wanted) {
    if (wanted.isClusterMode() || !started.environment().equals(wanted.environment())) {
      return false;
    }
    Set<String> keys = new TreeSet<>(started.values().keySet());
    keys.addAll(wanted.values().keySet());
    return keys.stream()
        .filter(key -> !Objects.equals(started.values().get(key), wanted.values().get(key)))
        .allMatch(key -> TAKEN.matcher(key).matches() && !ONCE.matcher(key).matches());
  }
}
