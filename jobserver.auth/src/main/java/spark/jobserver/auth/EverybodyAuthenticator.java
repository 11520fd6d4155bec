package spark.jobserver.auth;

import java.util.Set;
import spark.jobserver.api.auth.Authentication;
import spark.jobserver.api.auth.Authenticator;
import spark.jobserver.api.auth.Identity;
import spark.jobserver.api.auth.IncomingRequest;

/** Asks nobody who they are. */
final class EverybodyAuthenticator implements Authenticator {
  private static final Authentication EVERYBODY =
      new Authentication.Known(
          new Identity("everybody", Way.NONE.text(), Set.of(Identity.EVERYTHING), true));

  @Override
  public Authentication authenticate(IncomingRequest request) {
    return EVERYBODY;
  }

  @Override
  public String challenge() {
    return "None realm=\"jobserver\"";
  }
}
