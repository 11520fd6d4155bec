package spark.jobserver.callback;

/**
 * The block {@code spark.jobserver.callback} of the configuration; {@code reference.conf} explains
 * each key.
 */
public @interface CallbackConfig {
  /** The configuration's PID. */
  String PID = "spark.jobserver.callback";

  /** Whom the server may call back. */
  String[] hosts() default {};

  /** How often a call is tried. */
  int attempts() default 5;

  /** How long after one try the next is made. */
  String pause() default "10 s";
}
