package spark.jobserver.auth;

import static java.nio.charset.StandardCharsets.UTF_8;

import java.security.GeneralSecurityException;
import java.security.SecureRandom;
import java.time.Clock;
import java.time.Instant;
import java.util.HexFormat;
import java.util.Map;
import java.util.Optional;
import javax.crypto.Mac;
import javax.crypto.spec.SecretKeySpec;
import spark.jobserver.api.auth.Identity;

/**
 * Whose names and passwords were right a moment ago, so that not each request takes the time of
 * finding out. They are kept as hashes with a key that nobody else has and that ends with the
 * process.
 */
final class Remembered {
  private static final int MOST = 1000;
  private static final String MAC = "HmacSHA256";
  private static final int KEY_BYTES = 32;

  private final Clock clock;
  private final SecretKeySpec key;

  /** Guarded by itself. */
  private final Map<String, Entry> entries = new LatestUsed<>(MOST);

  private record Entry(Identity identity, Accounts by, Object edition, Instant until) {}

  Remembered(Clock clock) {
    this.clock = clock;
    byte[] random = new byte[KEY_BYTES];
    new SecureRandom().nextBytes(random);
    this.key = new SecretKeySpec(random, MAC);
  }

  /** Who was found to have this name and this password, if that still holds. */
  Optional<Identity> find(String name, String password) {
    String hash = hash(name, password);
    Entry entry;
    synchronized (entries) {
      entry = entries.get(hash);
    }
    return Optional.ofNullable(entry)
        .filter(one -> clock.instant().isBefore(one.until()))
        .filter(one -> one.edition().equals(one.by().edition()))
        .map(Entry::identity);
  }

  /**
   * Remembers.
   *
   * @param edition of the accounts, before they were asked
   */
  void put(String name, String password, Identity identity, Accounts by, Object edition) {
    String hash = hash(name, password);
    synchronized (entries) {
      entries.put(hash, new Entry(identity, by, edition, clock.instant().plus(by.validFor())));
    }
  }

  private String hash(String name, String password) {
    try {
      Mac mac = Mac.getInstance(MAC);
      mac.init(key);
      // A name has no colon.
      return HexFormat.of().formatHex(mac.doFinal((name + ":" + password).getBytes(UTF_8)));
    } catch (GeneralSecurityException e) {
      throw new IllegalStateException(e);
    }
  }
}
