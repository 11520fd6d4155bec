package spark.jobserver.auth;

/** TLS; the bundle {@code jobserver.gate} explains and checks it. */
public @interface TlsConfig {
  /** The configuration's PID. */
  String PID = "spark.jobserver.tls";

  /** Whether clients are asked for certificates. */
  String client$_$certificates() default "none";
}
