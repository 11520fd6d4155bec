package spark.jobserver.core.config;

/**
 * The block {@code spark.jobserver.impersonation} of the configuration; {@code reference.conf}
 * explains each key.
 */
public @interface ImpersonationConfig {
  /** The configuration's PID. */
  String PID = "spark.jobserver.impersonation";

  /** For whom contexts of callers may act. */
  String[] users() default {"*"};

  /** Whether contexts of callers who may not name others always act for their callers. */
  boolean always() default false;

  /** What callers may set in contexts that act for somebody. */
  String[] allowed$_$settings() default {};
}
