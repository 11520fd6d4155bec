package spark.jobserver.gate;

/**
 * The block {@code spark.jobserver.gate} of the configuration; {@code reference.conf} explains each
 * key.
 */
public @interface GateConfig {
  /** The configuration's PID. */
  String PID = "spark.jobserver.gate";

  /** By which names the server is called, beside those of the loopback and its own address. */
  String[] hosts() default {};

  /** How many connections there may be at a time. */
  int max$_$connections() default 5000;
}
