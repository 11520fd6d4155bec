package spark.jobserver.core.config;

/**
 * The block {@code spark.jobserver.driver} of the configuration; {@code reference.conf} explains
 * each key.
 */
public @interface DriverConfig {
  /** The configuration's PID. */
  String PID = "spark.jobserver.driver";

  /** Without a server for this long, an idle driver ends itself. */
  String abandoned$_$after() default "30 minutes";

  /** The time between two signs of life of a driver. */
  String heartbeat() default "2 s";

  /** How long a driver may take to end when its context is stopped, before it is killed. */
  String stop$_$timeout() default "20 s";

  /** How many drivers wait for contexts to come. */
  int spares() default 1;

  /** Whether drivers start with an archive of the classes that they load. */
  boolean class$_$archive() default true;

  /** The address that drivers dial. */
  String link$_$address() default "127.0.0.1";

  /** The port that drivers dial; 0 for any that is free. */
  int link$_$port() default 0;
}
