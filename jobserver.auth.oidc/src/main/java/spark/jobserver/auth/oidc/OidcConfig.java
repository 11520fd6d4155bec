package spark.jobserver.auth.oidc;

/**
 * What the block {@code spark.jobserver.auth} of the configuration says of this way; {@code
 * reference.conf} explains each key.
 */
public @interface OidcConfig {
  /** The configuration's PID. */
  String PID = "spark.jobserver.auth";

  /** The ways in which callers are known. */
  String[] ways() default {};

  /** Who issues the tokens. */
  String oidc_issuer() default "";

  /** For whom they must be. */
  String oidc_audience() default "";

  /** Where the issuer's keys are; empty when the issuer says that. */
  String oidc_jwks$_$uri() default "";

  /** By which algorithms they may be signed. */
  String[] oidc_algorithms() default {"RS256", "ES256"};

  /** How far clocks may be apart. */
  String oidc_clock$_$skew() default "30 s";

  /** Which claim is the name. */
  String oidc_name$_$claim() default "sub";

  /** Which claim says what the caller is in. */
  String oidc_roles$_$claim() default "roles";

  /** What gives the role admin. */
  String[] oidc_roles_admin() default {};

  /** What gives the role user. */
  String[] oidc_roles_user() default {};

  /** What gives the role tenant. */
  String[] oidc_roles_tenant() default {};

  /** What gives the role reader. */
  String[] oidc_roles_reader() default {};
}
