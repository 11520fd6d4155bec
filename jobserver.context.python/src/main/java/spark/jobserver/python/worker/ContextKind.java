package spark.jobserver.python.worker;

import java.util.Locale;
import java.util.Optional;
import org.apache.spark.SparkContext;
import org.apache.spark.api.java.JavaSparkContext;
import org.apache.spark.sql.SQLContext;
import org.apache.spark.sql.SparkSession;

/** What a factory has made, as far as PySpark has the like of it. */
enum ContextKind {
  /** Jobs get PySpark's SparkSession. */
  SESSION,
  /** Jobs get PySpark's SparkContext. */
  SPARK_CONTEXT,
  /** Jobs get PySpark's SQLContext. */
  SQL_CONTEXT,
  /** PySpark has nothing like it: each job makes its context itself. */
  CUSTOM;

  static ContextKind of(Object made) {
    if (made instanceof SparkSession) {
      return SESSION;
    }
    if (made instanceof JavaSparkContext || made instanceof SparkContext) {
      return SPARK_CONTEXT;
    }
    return made instanceof SQLContext ? SQL_CONTEXT : CUSTOM;
  }

  /** The session that the jobs of such a context share; none for a custom one. */
  Optional<SparkSession> session(Object made) {
    return switch (this) {
      case SESSION -> Optional.of((SparkSession) made);
      case SPARK_CONTEXT -> Optional.of(SparkSession.builder().getOrCreate());
      case SQL_CONTEXT -> Optional.of(((SQLContext) made).sparkSession());
      case CUSTOM -> Optional.empty();
    };
  }

  /** How workers are told of it. */
  String word() {
    return name().toLowerCase(Locale.ROOT).replace('_', '-');
  }
}
