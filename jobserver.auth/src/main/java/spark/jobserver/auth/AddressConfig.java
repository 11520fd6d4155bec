package spark.jobserver.auth;

/** Where the server answers HTTP; the bundle {@code jobserver.config} explains and checks it. */
public @interface AddressConfig {
  /** The PID of the keys that are directly under {@code spark.jobserver}. */
  String PID = "spark.jobserver.core";

  /** The address to listen on: a name or an address. */
  String bind$_$address() default "127.0.0.1";
}
