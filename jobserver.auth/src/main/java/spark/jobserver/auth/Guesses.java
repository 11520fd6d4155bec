package spark.jobserver.auth;

import java.net.Inet6Address;
import java.net.InetAddress;
import java.time.Clock;
import java.time.Duration;
import java.time.Instant;
import java.util.Arrays;
import java.util.HexFormat;
import java.util.Locale;
import java.util.Map;

/**
 * Bounds how many passwords are tried for a name from an address: five in a row are free, and after
 * each further one the next must wait, for a second, two, four, up to a minute. Nobody is kept out
 * from elsewhere by that. Remembers a bounded number, those of the latest; and apart from others
 * those who must wait, so that many guesses at other names have none of them forgotten.
 */
final class Guesses {
  private static final int FREE = 5;
  private static final Duration LONGEST = Duration.ofMinutes(1);
  private static final Duration FORGOTTEN_AFTER = Duration.ofMinutes(15);
  private static final int MOST = 10_000;

  /** An end of the network has as many addresses of version 6 as it likes with these in common. */
  private static final int NETWORK_BYTES = 8;

  private final Clock clock;

  /** Those who need not wait; guarded by this, as are all. */
  private final Map<Guesser, Failures> few = new LatestUsed<>(MOST);

  private final Map<Guesser, Failures> many = new LatestUsed<>(MOST);

  private record Guesser(String name, String network) {}

  private record Failures(int count, Instant last) {}

  Guesses(Clock clock) {
    this.clock = clock;
  }

  /** How long the next must wait; nothing when it need not. */
  synchronized Duration wait(String name, InetAddress address) {
    Failures known = many.get(guesser(name, address));
    if (known == null) {
      return Duration.ZERO;
    }
    Duration pause = Duration.ofSeconds(1L << Math.min(known.count() - FREE, 10));
    Duration left =
        Duration.between(
            clock.instant(), known.last().plus(pause.compareTo(LONGEST) < 0 ? pause : LONGEST));
    return left.isNegative() ? Duration.ZERO : left;
  }

  /** Notes a wrong one. */
  synchronized void failed(String name, InetAddress address) {
    Instant now = clock.instant();
    Guesser guesser = guesser(name, address);
    Failures before = many.getOrDefault(guesser, few.getOrDefault(guesser, new Failures(0, now)));
    boolean isOld = before.last().plus(FORGOTTEN_AFTER).isBefore(now);
    Failures next = new Failures(isOld ? 1 : before.count() + 1, now);
    few.remove(guesser);
    many.remove(guesser);
    (next.count() < FREE ? few : many).put(guesser, next);
  }

  /** Forgets the wrong ones, as a right one came. */
  synchronized void succeeded(String name, InetAddress address) {
    few.remove(guesser(name, address));
    many.remove(guesser(name, address));
  }

  /** Names that differ by case alone may be of one user. */
  private static Guesser guesser(String name, InetAddress address) {
    return new Guesser(name.toLowerCase(Locale.ROOT), network(address));
  }

  private static String network(InetAddress address) {
    byte[] bytes = address.getAddress();
    return HexFormat.of()
        .formatHex(address instanceof Inet6Address ? Arrays.copyOf(bytes, NETWORK_BYTES) : bytes);
  }
}
