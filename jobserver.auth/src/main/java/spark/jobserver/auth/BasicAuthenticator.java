package spark.jobserver.auth;

import java.net.InetAddress;
import java.nio.ByteBuffer;
import java.nio.charset.CharacterCodingException;
import java.nio.charset.StandardCharsets;
import java.time.Clock;
import java.time.Duration;
import java.util.Base64;
import java.util.List;
import java.util.Optional;
import java.util.concurrent.Semaphore;
import java.util.concurrent.TimeUnit;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import spark.jobserver.api.auth.Authentication;
import spark.jobserver.api.auth.Authenticator;
import spark.jobserver.api.auth.Identity;
import spark.jobserver.api.auth.IncomingRequest;

/**
 * Knows whoever has a name and a password, by {@code Authorization: Basic …} (RFC 7617, in UTF-8).
 *
 * <p>To find out takes time, of this machine or of another; so what was right is remembered for a
 * moment, few are looked at together, and few wait for that. Guesses are bounded by name and
 * address.
 */
final class BasicAuthenticator implements Authenticator {
  private static final Pattern BASIC = Pattern.compile("(?i:Basic)(?:\\s+(.*))?");
  private static final int LONGEST = 2048;
  private static final Authentication ABSENT = new Authentication.Absent();

  /** Says the same of every name, so that nobody learns which there are. */
  private static final Authentication WRONG =
      new Authentication.Wrong("The user or the password is wrong.");

  private static final Authentication BUSY =
      new Authentication.Unavailable("Too many passwords are looked at. Try again.");
  private static final int MOST_WAITING = 16;
  private static final long PATIENCE_SECONDS = 10;

  private final List<Accounts> accounts;
  private final Guesses guesses;
  private final Remembered remembered;
  private final Semaphore looking;

  private record Credentials(String name, String password) {}

  /**
   * An authenticator.
   *
   * @param accounts the first that knows a name decides
   * @param together how many passwords are looked at together
   */
  BasicAuthenticator(List<Accounts> accounts, int together, Clock clock) {
    this.accounts = List.copyOf(accounts);
    this.guesses = new Guesses(clock);
    this.remembered = new Remembered(clock);
    this.looking = new Semaphore(together);
  }

  @Override
  public Authentication authenticate(IncomingRequest request) {
    List<String> given = request.headers("Authorization");
    List<Matcher> basics = given.stream().map(BASIC::matcher).filter(Matcher::matches).toList();
    if (basics.isEmpty()) {
      return ABSENT;
    }
    Optional<Credentials> credentials =
        given.size() > 1 ? Optional.empty() : parse(basics.get(0).group(1));
    return credentials.isEmpty()
        ? WRONG
        : authenticate(credentials.get(), request.client().getAddress());
  }

  private static Optional<Credentials> parse(String encoded) {
    if (encoded == null || encoded.length() > LONGEST) {
      return Optional.empty();
    }
    try {
      byte[] bytes = Base64.getDecoder().decode(encoded.strip());
      String text = StandardCharsets.UTF_8.newDecoder().decode(ByteBuffer.wrap(bytes)).toString();
      int colon = text.indexOf(':');
      // An empty password is none: a directory would take it for a request without any.
      return colon < 1
              || colon == text.length() - 1
              || text.chars().anyMatch(Character::isISOControl)
          ? Optional.empty()
          : Optional.of(new Credentials(text.substring(0, colon), text.substring(colon + 1)));
    } catch (IllegalArgumentException | CharacterCodingException e) {
      return Optional.empty();
    }
  }

  private Authentication authenticate(Credentials credentials, InetAddress address) {
    Optional<Authentication> quick = withoutLooking(credentials, address);
    if (quick.isPresent()) {
      return quick.get();
    }
    if (!enter()) {
      return BUSY;
    }
    try {
      // Meanwhile others may have found out, or guessed.
      return withoutLooking(credentials, address).orElseGet(() -> look(credentials, address));
    } finally {
      looking.release();
    }
  }

  /** The wait comes first: what is remembered would answer guesses as fast as they come. */
  private Optional<Authentication> withoutLooking(Credentials credentials, InetAddress address) {
    Duration wait = guesses.wait(credentials.name(), address);
    return wait.isZero()
        ? remembered.find(credentials.name(), credentials.password()).map(Authentication.Known::new)
        : Optional.of(new Authentication.TooMany(wait));
  }

  private boolean enter() {
    try {
      return looking.tryAcquire()
          || (looking.getQueueLength() < MOST_WAITING
              && looking.tryAcquire(PATIENCE_SECONDS, TimeUnit.SECONDS));
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
      return false;
    }
  }

  private Authentication look(Credentials credentials, InetAddress address) {
    for (Accounts one : accounts) {
      Object edition = one.edition();
      Accounts.Verdict verdict = one.verify(credentials.name(), credentials.password());
      if (verdict instanceof Accounts.Verdict.Right right) {
        Identity identity = right.identity();
        guesses.succeeded(credentials.name(), address);
        remembered.put(credentials.name(), credentials.password(), identity, one, edition);
        return new Authentication.Known(identity);
      }
      if (verdict instanceof Accounts.Verdict.Unavailable unavailable) {
        return new Authentication.Unavailable(unavailable.text());
      }
      if (verdict instanceof Accounts.Verdict.Wrong) {
        break;
      }
    }
    // What costs nothing is not remembered: it would push out what does.
    if (accounts.stream().anyMatch(one -> one.isGuess(credentials.name()))) {
      guesses.failed(credentials.name(), address);
    }
    return WRONG;
  }

  @Override
  public String challenge() {
    return "Basic realm=\"jobserver\", charset=\"UTF-8\"";
  }
}
