package spark.jobserver.io;

import java.nio.ByteBuffer;
import java.security.MessageDigest;
import java.security.NoSuchAlgorithmException;
import java.util.HexFormat;
import java.util.regex.Pattern;

/** What rows are found by. */
final class Key {
  private static final Pattern ID = Pattern.compile("[!-~]{1,64}");

  private Key() {}

  /** The key of a name: different for names that differ in anything. */
  static String of(String name) {
    ByteBuffer characters = ByteBuffer.allocate(2 * name.length());
    characters.asCharBuffer().put(name);
    return HexFormat.of().formatHex(sha256().digest(characters.array()));
  }

  /**
   * Whether this may be the id or the digest of something on record. Databases cut, pad or refuse
   * other texts, so they are not asked for them.
   */
  static boolean possible(String id) {
    return ID.matcher(id).matches();
  }

  static MessageDigest sha256() {
    try {
      return MessageDigest.getInstance("SHA-256");
    } catch (NoSuchAlgorithmException e) {
      throw new AssertionError("every Java has SHA-256", e);
    }
  }
}
