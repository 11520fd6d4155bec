/**
 * Knows callers by the tokens of an OpenID Connect provider: {@link
 * spark.jobserver.auth.oidc.OidcAuthenticator}. A bundle of its own, as what it uses for that is
 * loaded by nobody who does not use it.
 */
package spark.jobserver.auth.oidc;
