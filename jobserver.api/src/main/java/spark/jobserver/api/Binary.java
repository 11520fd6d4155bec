package spark.jobserver.api;

import static java.util.Objects.requireNonNull;

import java.time.Instant;
import java.util.regex.Pattern;

/**
 * One upload. A name may have been uploaded several times: each upload is a version, and new jobs
 * take the latest.
 *
 * @param name the name it was uploaded under: any text that is not empty, never used as a path
 * @param type what kind of archive it is
 * @param uploadTime when it was uploaded, to the millisecond
 * @param digest SHA-256 of its bytes, 64 lower-case hexadecimal digits
 * @param size its length in bytes
 */
public record Binary(String name, BinaryType type, Instant uploadTime, String digest, long size) {
  private static final Pattern DIGEST = Pattern.compile("[0-9a-f]{64}");

  public Binary {
    requireNonNull(type, "type");
    requireNonNull(uploadTime, "uploadTime");
    if (name.isEmpty()) {
      throw new IllegalArgumentException("a binary has a name");
    }
    if (!DIGEST.matcher(digest).matches()) {
      throw new IllegalArgumentException("not a SHA-256 digest: " + digest);
    }
  }
}
