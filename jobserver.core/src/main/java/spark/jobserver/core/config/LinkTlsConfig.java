package spark.jobserver.core.config;

/**
 * The block {@code spark.jobserver.link-tls} of the configuration; {@code reference.conf} explains
 * each key.
 */
public @interface LinkTlsConfig {
  /** The configuration's PID. */
  String PID = "spark.jobserver.link-tls";

  /** Whether the link speaks TLS. */
  String enabled() default "auto";

  /** The file with the link's certificate. */
  String certificate() default "";

  /** The file with its key. */
  String key() default "";

  /** The file with both. */
  String key$_$store() default "";

  /** The file with the password of that. */
  String key$_$store$_$password$_$file() default "";

  /** The file with the authorities that drivers trust. */
  String authorities() default "";
}
