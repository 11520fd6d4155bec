package spark.jobserver.gate;

import jakarta.servlet.http.HttpServletRequest;
import jakarta.servlet.http.HttpServletRequestWrapper;
import java.security.Principal;
import spark.jobserver.api.auth.Identity;

/**
 * A request of somebody: what is behind the gate sees who it is, and asks for permissions as roles.
 */
final class IdentifiedRequest extends HttpServletRequestWrapper {
  private final Identity identity;

  IdentifiedRequest(HttpServletRequest request, Identity identity) {
    super(request);
    this.identity = identity;
  }

  @Override
  public String getRemoteUser() {
    return identity.name();
  }

  @Override
  public Principal getUserPrincipal() {
    return identity::name;
  }

  @Override
  public boolean isUserInRole(String permission) {
    return identity.may(permission);
  }

  @Override
  public String getAuthType() {
    return identity.way();
  }
}
