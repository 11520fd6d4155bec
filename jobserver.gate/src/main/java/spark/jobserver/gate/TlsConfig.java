package spark.jobserver.gate;

/**
 * The block {@code spark.jobserver.tls} of the configuration; {@code reference.conf} explains each
 * key.
 */
public @interface TlsConfig {
  /** The configuration's PID. */
  String PID = "spark.jobserver.tls";

  /** The file with the server's certificate. */
  String certificate() default "";

  /** The file with its key. */
  String key() default "";

  /** The file with both. */
  String key$_$store() default "";

  /** The file with the password of that. */
  String key$_$store$_$password$_$file() default "";

  /** The file with the authorities of clients' certificates. */
  String client$_$authorities() default "";

  /** Whether clients are asked for certificates. */
  String client$_$certificates() default "none";
}
