package spark.jobserver.auth;

/**
 * What the block {@code spark.jobserver.auth} of the configuration says of a directory; {@code
 * reference.conf} explains each key.
 */
public @interface LdapConfig {
  /** Where it is. */
  String ldap_url() default "";

  /** Whether a connection by ldap:// is secured by StartTLS. */
  boolean ldap_start$_$tls() default true;

  /** The name of a user's entry. */
  String ldap_user$_$dn() default "";

  /** Below which entry groups are. */
  String ldap_groups_base() default "";

  /** Which of them a user is in. */
  String ldap_groups_filter() default "(member={dn})";

  /** The attribute with a group's name. */
  String ldap_groups_name() default "cn";

  /** The groups of the role admin. */
  String[] ldap_roles_admin() default {};

  /** The groups of the role user. */
  String[] ldap_roles_user() default {};

  /** The groups of the role tenant. */
  String[] ldap_roles_tenant() default {};

  /** The groups of the role reader. */
  String[] ldap_roles_reader() default {};
}
