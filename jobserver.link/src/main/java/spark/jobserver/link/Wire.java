package spark.jobserver.link;

import com.fasterxml.jackson.core.JsonFactory;
import com.fasterxml.jackson.core.JsonProcessingException;
import com.fasterxml.jackson.core.StreamReadConstraints;
import com.fasterxml.jackson.databind.DeserializationFeature;
import com.fasterxml.jackson.databind.json.JsonMapper;
import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.io.InputStream;
import java.io.UncheckedIOException;
import java.nio.charset.StandardCharsets;
import java.security.MessageDigest;
import java.security.NoSuchAlgorithmException;
import java.security.SecureRandom;
import java.util.Arrays;
import java.util.HexFormat;

/** How messages are written: one line of JSON each, and an attachment may follow the line. */
public final class Wire {
  /** The number of this protocol. */
  public static final int PROTOCOL = 1;

  /** What all paths of the link begin with. */
  public static final String ROOT = "/link/v1/";

  /** The header that names the context. */
  public static final String CONTEXT = "Jobserver-Context";

  /** The header that names the epoch. */
  public static final String EPOCH = "Jobserver-Epoch";

  /** The header that numbers an event. */
  public static final String SEQUENCE = "Jobserver-Sequence";

  /** The header that tells how many bytes follow an event's message. */
  public static final String ATTACHMENT = "Jobserver-Attachment";

  private static final int LONGEST_LINE = 64 * 1024 * 1024;
  private static final SecureRandom RANDOM = new SecureRandom();
  private static final JsonMapper JSON =
      JsonMapper.builder(
              JsonFactory.builder()
                  .streamReadConstraints(
                      StreamReadConstraints.builder().maxStringLength(LONGEST_LINE).build())
                  .build())
          .disable(DeserializationFeature.FAIL_ON_UNKNOWN_PROPERTIES)
          .build();

  private Wire() {}

  /**
   * One line of JSON with its line break.
   *
   * @throws IllegalArgumentException when it is longer than a reader takes
   */
  public static byte[] line(Object message) {
    try {
      byte[] json = JSON.writeValueAsBytes(message);
      if (json.length > LONGEST_LINE) {
        throw new IllegalArgumentException("a message of " + json.length + " bytes is too long");
      }
      byte[] line = Arrays.copyOf(json, json.length + 1);
      line[json.length] = '\n';
      return line;
    } catch (JsonProcessingException e) {
      throw new UncheckedIOException(e);
    }
  }

  /**
   * Reads a message.
   *
   * @throws IOException when it is not one
   */
  public static <T> T read(byte[] json, Class<T> type) throws IOException {
    return JSON.readValue(json, type);
  }

  /**
   * Reads the message in the first line, and leaves the stream at the attachment.
   *
   * @throws IOException when there is none
   */
  public static <T> T readLine(InputStream in, Class<T> type) throws IOException {
    return read(firstLine(in), type);
  }

  /**
   * The first line without its line break; leaves the stream at what follows.
   *
   * @throws IOException when the stream ends before the line, or the line does not
   */
  public static byte[] firstLine(InputStream in) throws IOException {
    ByteArrayOutputStream line = new ByteArrayOutputStream(512);
    for (int b = in.read(); b != '\n'; b = in.read()) {
      if (b < 0 || line.size() > LONGEST_LINE) {
        throw new IOException("a message breaks off after " + line.size() + " bytes");
      }
      line.write(b);
    }
    return line.toByteArray();
  }

  /** A new token or key: 256 random bits in hexadecimal. */
  public static String newSecret() {
    byte[] bits = new byte[32];
    RANDOM.nextBytes(bits);
    return HexFormat.of().formatHex(bits);
  }

  /** SHA-256 of a token or key, in hexadecimal: what is stored in its place. */
  public static String hash(String secret) {
    try {
      MessageDigest sha = MessageDigest.getInstance("SHA-256");
      return HexFormat.of().formatHex(sha.digest(secret.getBytes(StandardCharsets.UTF_8)));
    } catch (NoSuchAlgorithmException e) {
      throw new IllegalStateException("every Java has SHA-256", e);
    }
  }
}
