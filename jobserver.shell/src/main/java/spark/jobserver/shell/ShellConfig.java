package spark.jobserver.shell;

/**
 * The block {@code spark.jobserver.shell} of the configuration; {@code reference.conf} explains
 * each key.
 */
public @interface ShellConfig {
  /** The configuration's PID. */
  String PID = "spark.jobserver.shell";

  /** Whether there is a shell. */
  boolean enabled() default true;

  /** How many sessions there may be at a time. */
  int max$_$sessions() default 8;

  /** After how long a session ends in which nothing is asked. */
  String idle$_$timeout() default "10 minutes";
}
