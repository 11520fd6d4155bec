package spark.jobserver.auth;

/**
 * What the block {@code spark.jobserver.auth} of the configuration says of clients' certificates;
 * {@code reference.conf} explains each key.
 */
public @interface CertificateConfig {
  /** The subjects of the role admin. */
  String[] certificate_roles_admin() default {};

  /** The subjects of the role user. */
  String[] certificate_roles_user() default {};

  /** The subjects of the role tenant. */
  String[] certificate_roles_tenant() default {};

  /** The subjects of the role reader. */
  String[] certificate_roles_reader() default {};
}
