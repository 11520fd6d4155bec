package spark.jobserver.auth;

import java.time.Clock;
import java.time.Instant;
import java.util.List;
import java.util.Optional;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import spark.jobserver.api.auth.Authentication;
import spark.jobserver.api.auth.Authenticator;
import spark.jobserver.api.auth.Identity;
import spark.jobserver.api.auth.IncomingRequest;

/**
 * Knows whoever has a token, by {@code Authorization: Bearer TOKEN}. What has a dot in it is of
 * another kind, and of other ways.
 */
final class TokenAuthenticator implements Authenticator {
  private static final Pattern BEARER = Pattern.compile("(?i:Bearer)(?:\\s+(.*))?");
  private static final int LONGEST_TOKEN = 1024;
  private static final Authentication ABSENT = new Authentication.Absent();

  /** Says the same of every token, so that nobody learns which there have been. */
  private static final Authentication WRONG = new Authentication.Wrong("The token is not valid.");

  private final Followed<Token> tokens;
  private final Clock clock;

  TokenAuthenticator(TokenFile file, Clock clock) {
    this.tokens = new Followed<>(file);
    this.clock = clock;
  }

  @Override
  public Authentication authenticate(IncomingRequest request) {
    List<String> given = request.headers("Authorization");
    List<Matcher> bearers = given.stream().map(BEARER::matcher).filter(Matcher::matches).toList();
    if (bearers.isEmpty()) {
      return ABSENT;
    }
    String text = bearers.get(0).group(1);
    if (text != null && text.contains(".")) {
      return ABSENT;
    }
    if (given.size() > 1 || text == null || text.length() > LONGEST_TOKEN) {
      return WRONG;
    }
    return holder(text.strip())
        .<Authentication>map(
            token ->
                new Authentication.Known(
                    new Identity(token.name(), Way.TOKEN.text(), token.permissions(), false)))
        .orElse(WRONG);
  }

  private Optional<Token> holder(String text) {
    String hash = Token.hash(text);
    Instant now = clock.instant();
    Optional<Token> found = Optional.empty();
    // All are compared, so that time does not tell which it was.
    for (Token token : tokens.now().read()) {
      if (token.hasHash(hash) && token.isValid(now)) {
        found = Optional.of(token);
      }
    }
    return found;
  }

  @Override
  public String challenge() {
    return "Bearer realm=\"jobserver\"";
  }

  @Override
  public String advice() {
    return "A token goes into the header Authorization, as Bearer TOKEN: the user who runs the"
        + " server has one in the file auth/local-token of its data folder, and makes others with"
        + " bin/jobserver token.";
  }
}
