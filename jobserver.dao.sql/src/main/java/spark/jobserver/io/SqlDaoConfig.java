package spark.jobserver.io;

/**
 * The block {@code spark.jobserver.sqldao} of the configuration; {@code reference.conf} explains
 * each key.
 */
public @interface SqlDaoConfig {
  /** The configuration's PID. */
  String PID = "spark.jobserver.sqldao";

  /** JDBC URL of the database; empty for Derby in the data folder. */
  String url() default "";

  /** Who signs in; empty for nobody. */
  String user() default "";

  /** A file whose first line is the user's password; empty for none. */
  String password$_$file() default "";

  /** The largest number of connections. */
  int pool$_$size() default 8;

  /** How long a call waits for a free connection, and the start for the database. */
  String connection$_$timeout() default "30 s";
}
