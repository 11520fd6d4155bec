package spark.jobserver.auth;

import java.security.GeneralSecurityException;
import java.security.MessageDigest;
import java.security.SecureRandom;
import java.util.HexFormat;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import javax.crypto.SecretKeyFactory;
import javax.crypto.spec.PBEKeySpec;

/**
 * The slow hash of a password, by PBKDF2 with HMAC-SHA-512: Java brings it, so that the command
 * that makes users needs no library, and it reads passwords of any length to their end. With
 * SHA-512, as that takes the server half the time of SHA-256 for what takes an attacker as long.
 *
 * @param iterations how slow it is
 * @param salt random, in hexadecimal digits
 * @param hash in hexadecimal digits
 */
record PasswordHash(int iterations, String salt, String hash) {
  /** What OWASP asks of this function: a second of the server, whose compiler is the quick one. */
  static final int ITERATIONS = 210_000;

  private static final String FUNCTION = "pbkdf2-sha512";
  private static final Pattern TEXT =
      Pattern.compile(FUNCTION + ":(\\d{1,8}):([0-9a-f]{32}):([0-9a-f]{128})");
  private static final int SALT_BYTES = 16;
  private static final int HASH_BITS = 512;
  private static final int FEWEST_ITERATIONS = 1000;
  private static final int MOST_ITERATIONS = 10_000_000;

  /** The hash of a password with a salt of its own. */
  static PasswordHash of(String password, int iterations) {
    byte[] salt = new byte[SALT_BYTES];
    new SecureRandom().nextBytes(salt);
    return new PasswordHash(
        iterations,
        HexFormat.of().formatHex(salt),
        HexFormat.of().formatHex(compute(password, salt, iterations)));
  }

  /**
   * Reads what {@link #text} has written.
   *
   * @throws IllegalArgumentException saying what would be right
   */
  static PasswordHash parse(String text) {
    Matcher form = TEXT.matcher(text);
    if (form.matches()) {
      int iterations = Integer.parseInt(form.group(1));
      if (iterations >= FEWEST_ITERATIONS && iterations <= MOST_ITERATIONS) {
        return new PasswordHash(iterations, form.group(2), form.group(3));
      }
    }
    throw new IllegalArgumentException(
        "a password is kept as %s:ITERATIONS:SALT:HASH, with %d to %d iterations"
            .formatted(FUNCTION, FEWEST_ITERATIONS, MOST_ITERATIONS));
  }

  /** Whether it is the hash of a password. Takes its time, which does not tell how wrong it is. */
  boolean isOf(String password) {
    byte[] found = compute(password, HexFormat.of().parseHex(salt), iterations);
    return MessageDigest.isEqual(found, HexFormat.of().parseHex(hash));
  }

  private static byte[] compute(String password, byte[] salt, int iterations) {
    PBEKeySpec key = new PBEKeySpec(password.toCharArray(), salt, iterations, HASH_BITS);
    try {
      return SecretKeyFactory.getInstance("PBKDF2WithHmacSHA512").generateSecret(key).getEncoded();
    } catch (GeneralSecurityException e) {
      throw new IllegalStateException(e);
    } finally {
      key.clearPassword();
    }
  }

  String text() {
    return "%s:%d:%s:%s".formatted(FUNCTION, iterations, salt, hash);
  }
}
