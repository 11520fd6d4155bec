/**
 * The ways in which callers are known: {@link spark.jobserver.auth.LocalAuthenticator the user who
 * runs the server}, and {@link spark.jobserver.auth.TokenAuthenticator whoever has a token}. {@link
 * spark.jobserver.auth.TokenCommand} makes tokens, and runs outside the server.
 */
package spark.jobserver.auth;
