package spark.jobserver.core.config;

/**
 * The keys directly under {@code spark.jobserver} of the configuration; {@code reference.conf}
 * explains each.
 */
public @interface CoreConfig {
  /** The configuration's PID. */
  String PID = "spark.jobserver.core";

  /** How many jobs of one context may run at once. */
  int max$_$jobs$_$per$_$context() default 8;
}
