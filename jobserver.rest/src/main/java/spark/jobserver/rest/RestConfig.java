package spark.jobserver.rest;

/**
 * The block {@code spark.jobserver.rest} of the configuration; {@code reference.conf} explains each
 * key.
 */
public @interface RestConfig {
  /** The configuration's PID. */
  String PID = "spark.jobserver.rest";

  /** How many requests are worked on at once. */
  int threads() default 500;

  /** How long {@code POST /jobs} waits that does not say how long. */
  String job$_$timeout() default "10 s";

  /** How long any request waits for its answer. */
  String request$_$timeout() default "40 s";

  /** How long the stopping of a context may take before its request is answered. */
  String context$_$deletion$_$timeout() default "15 s";

  /** The largest upload. */
  String max$_$upload$_$size() default "1 GiB";

  /** The largest configuration of a job or a context. */
  String max$_$config$_$size() default "16 MiB";

  /** How many event streams may be open at once. */
  int max$_$event$_$streams() default 100;

  /** Whether plugins can be installed and removed over HTTP. */
  boolean change$_$plugins() default false;
}
