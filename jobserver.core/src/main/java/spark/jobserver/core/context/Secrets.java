package spark.jobserver.core.context;

import java.nio.charset.StandardCharsets;
import java.security.MessageDigest;

/** Hashes of secrets. */
final class Secrets {
  private Secrets() {}

  /** Compares in a time that does not tell how much of them is equal. */
  static boolean same(String one, String other) {
    return MessageDigest.isEqual(
        one.getBytes(StandardCharsets.UTF_8), other.getBytes(StandardCharsets.UTF_8));
  }
}
