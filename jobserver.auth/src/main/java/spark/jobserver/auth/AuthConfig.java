package spark.jobserver.auth;

/**
 * The block {@code spark.jobserver.auth} of the configuration; {@code reference.conf} explains each
 * key.
 */
public @interface AuthConfig {
  /** The configuration's PID. */
  String PID = "spark.jobserver.auth";

  /** The ways in which callers are known. */
  String[] ways() default {"local", "token"};
}
