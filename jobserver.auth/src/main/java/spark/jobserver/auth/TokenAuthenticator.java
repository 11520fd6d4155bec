package spark.jobserver.auth;

import java.io.IOException;
import java.time.Clock;
import java.time.Instant;
import java.util.List;
import java.util.Optional;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;
import spark.jobserver.api.auth.Authentication;
import spark.jobserver.api.auth.Authenticator;
import spark.jobserver.api.auth.Identity;
import spark.jobserver.api.auth.IncomingRequest;

/** Knows whoever has a token, by {@code Authorization: Bearer TOKEN}. */
final class TokenAuthenticator implements Authenticator {
  private static final Logger LOG = LoggerFactory.getLogger(TokenAuthenticator.class);
  private static final Pattern BEARER = Pattern.compile("(?i:Bearer)(?:\\s+(.*))?");
  private static final int LONGEST_TOKEN = 1024;
  private static final Authentication ABSENT = new Authentication.Absent();

  /** Says the same of every token, so that nobody learns which there have been. */
  private static final Authentication WRONG = new Authentication.Wrong("The token is not valid.");

  private final TokenFile file;
  private final Clock clock;

  /** Replaced as a whole. */
  private volatile Known known = new Known(Optional.empty(), List.of());

  private record Known(Optional<TokenFile.Version> version, List<Token> tokens) {}

  TokenAuthenticator(TokenFile file, Clock clock) {
    this.file = file;
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
    for (Token token : tokens()) {
      if (token.hasHash(hash) && token.isValid(now)) {
        found = Optional.of(token);
      }
    }
    return found;
  }

  private List<Token> tokens() {
    Optional<TokenFile.Version> version = file.version();
    Known last = known;
    if (!last.version().equals(version)) {
      last = new Known(version, version.isPresent() ? read() : List.of());
      known = last;
    }
    return last.tokens();
  }

  /** Says once, each time that the file has changed, what is wrong with it. */
  private List<Token> read() {
    try {
      TokenFile.Content content = file.read();
      content.broken().forEach(line -> LOG.error("gives nobody access: {}", line));
      return content.tokens();
    } catch (IOException e) {
      LOG.error("the tokens cannot be read: nobody has access by one", e);
      return List.of();
    }
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
