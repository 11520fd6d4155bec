package spark.jobserver.auth;

import static java.nio.charset.StandardCharsets.UTF_8;

import java.security.MessageDigest;
import java.security.NoSuchAlgorithmException;
import java.security.SecureRandom;
import java.time.Instant;
import java.time.format.DateTimeParseException;
import java.util.Base64;
import java.util.HexFormat;
import java.util.Optional;
import java.util.Set;
import java.util.regex.Pattern;
import spark.jobserver.api.auth.Role;

/**
 * A token as it is kept: not itself, but its hash. A token is 256 random bits, so that a fast hash
 * gives nothing away.
 *
 * @param name what whoever has it is called
 * @param sha256 the hash of its text, in hexadecimal digits
 * @param role a {@link Role}, or permissions with commas between them
 * @param expires the moment from which it is not valid; empty when it stays valid
 */
record Token(String name, String sha256, String role, Instant created, Optional<Instant> expires) {
  private static final Pattern HASH = Pattern.compile("[0-9a-f]{64}");

  private static final String NEVER = "never";
  private static final int FIELDS = 5;
  private static final int BYTES = 32;

  /** Checks what others may have written. */
  Token {
    Holder.check(name, role);
    check(HASH.matcher(sha256).matches(), "a hash is of 64 hexadecimal digits");
  }

  private static void check(boolean right, String words) {
    if (!right) {
      throw new IllegalArgumentException(words);
    }
  }

  /** The text of a new token. */
  static String newText() {
    byte[] bytes = new byte[BYTES];
    new SecureRandom().nextBytes(bytes);
    return Base64.getUrlEncoder().withoutPadding().encodeToString(bytes);
  }

  /** The hash of a token's text. */
  static String hash(String text) {
    try {
      return HexFormat.of()
          .formatHex(MessageDigest.getInstance("SHA-256").digest(text.getBytes(UTF_8)));
    } catch (NoSuchAlgorithmException e) {
      throw new IllegalStateException(e);
    }
  }

  /** Whether a text has this token's hash; takes as long whether or not it has. */
  boolean hasHash(String hash) {
    return MessageDigest.isEqual(sha256.getBytes(UTF_8), hash.getBytes(UTF_8));
  }

  /** Whether it is still valid. */
  boolean isValid(Instant now) {
    return expires.filter(end -> !now.isBefore(end)).isEmpty();
  }

  /** What whoever has it may do. */
  Set<String> permissions() {
    return Role.permissions(role);
  }

  /** The line that it is kept as. */
  String line() {
    return String.join(
        " ", name, sha256, role, created.toString(), expires.map(Instant::toString).orElse(NEVER));
  }

  /**
   * Reads a line.
   *
   * @throws IllegalArgumentException saying what is wrong about it, without what it says
   */
  static Token of(String line) {
    String[] fields = line.strip().split("\\s+", -1);
    check(fields.length == FIELDS, "a line is of name, hash, role, creation and expiry");
    try {
      return new Token(
          fields[0],
          fields[1],
          fields[2],
          Instant.parse(fields[3]),
          fields[4].equals(NEVER) ? Optional.empty() : Optional.of(Instant.parse(fields[4])));
    } catch (DateTimeParseException e) {
      throw new IllegalArgumentException("a time is written as 2026-01-31T12:00:00Z", e);
    }
  }
}
