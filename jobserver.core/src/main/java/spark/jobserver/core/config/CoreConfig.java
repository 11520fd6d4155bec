package spark.jobserver.core.config;

/**
 * The keys directly under {@code spark.jobserver} of the configuration; {@code reference.conf}
 * explains each.
 */
public @interface CoreConfig {
  /** The configuration's PID. */
  String PID = "spark.jobserver.core";

  /** The name of the DAO that is used. */
  String jobdao() default "spark.jobserver.io.JobSqlDAO";

  /** How many jobs of one context may run at once. */
  int max$_$jobs$_$per$_$context() default 8;

  /** How many contexts there may be at once. */
  int max$_$contexts() default 32;

  /** For how long jobs and contexts that have ended are kept. */
  String retention() default "72 hours";

  /** How often those that are older are looked for. */
  String retention$_$interval() default "1 hour";
}
