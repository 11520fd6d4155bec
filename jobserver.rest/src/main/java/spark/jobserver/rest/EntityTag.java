package spark.jobserver.rest;

import jakarta.ws.rs.core.HttpHeaders;
import jakarta.ws.rs.core.Response;
import java.security.MessageDigest;
import java.security.NoSuchAlgorithmException;
import java.util.Arrays;
import java.util.HexFormat;

/**
 * The entity tag of a report (RFC 9110, 8.8.3): the same for as long as the report says the same. A
 * result does not count: it comes with the state FINISHED and never changes.
 *
 * @param value with its quotation marks
 */
record EntityTag(String value) {
  private static final int BYTES = 16;

  static EntityTag of(Object report) {
    byte[] digest = Arrays.copyOf(sha256().digest(Json.bytes(report)), BYTES);
    return new EntityTag('"' + HexFormat.of().formatHex(digest) + '"');
  }

  /** Whether a header {@code If-None-Match} has it, or any. */
  boolean isIn(String header) {
    return Arrays.stream(header.split(","))
        .map(String::strip)
        .map(tag -> tag.startsWith("W/") ? tag.substring(2) : tag)
        .anyMatch(tag -> tag.equals(value) || tag.equals("*"));
  }

  /** The answer with the tag. */
  Response on(Response answer) {
    return Response.fromResponse(answer).header(HttpHeaders.ETAG, value).build();
  }

  private static MessageDigest sha256() {
    try {
      return MessageDigest.getInstance("SHA-256");
    } catch (NoSuchAlgorithmException e) {
      throw new IllegalStateException("every Java has SHA-256", e);
    }
  }
}
