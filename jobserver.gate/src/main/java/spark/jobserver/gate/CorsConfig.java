package spark.jobserver.gate;

/**
 * The block {@code spark.jobserver.cors} of the configuration; {@code reference.conf} explains each
 * key.
 */
public @interface CorsConfig {
  /** The configuration's PID. */
  String PID = "spark.jobserver.cors";

  /** The origins whose pages may read answers. */
  String[] origins() default {};
}
