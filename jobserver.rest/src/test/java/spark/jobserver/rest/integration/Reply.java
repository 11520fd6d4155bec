package spark.jobserver.rest.integration;

import static org.assertj.core.api.Assertions.assertThat;

import com.fasterxml.jackson.core.JsonProcessingException;
import com.fasterxml.jackson.core.json.JsonReadFeature;
import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.json.JsonMapper;
import java.io.ByteArrayOutputStream;
import java.io.EOFException;
import java.io.IOException;
import java.io.InputStream;
import java.nio.charset.StandardCharsets;
import java.util.Map;
import java.util.TreeMap;

/**
 * An answer as it came over the wire.
 *
 * @param headers by name in any case; the last of several
 */
record Reply(int status, Map<String, String> headers, String body) {
  private static final JsonMapper JSON =
      JsonMapper.builder().enable(JsonReadFeature.ALLOW_SINGLE_QUOTES).build();

  /** Reads a whole answer. */
  static Reply read(InputStream in) throws IOException {
    Reply head = readHead(in);
    if (head.header("Transfer-Encoding").equals("chunked")) {
      return new Reply(head.status, head.headers, chunks(in));
    }
    int length = Integer.parseInt(head.headers.getOrDefault("Content-Length", "0"));
    byte[] body = in.readNBytes(length);
    assertThat(body).as("bytes of the body").hasSize(length);
    return new Reply(head.status, head.headers, new String(body, StandardCharsets.UTF_8));
  }

  private static String chunks(InputStream in) throws IOException {
    ByteArrayOutputStream body = new ByteArrayOutputStream();
    int length;
    do {
      length = Integer.parseInt(line(in), 16);
      body.write(in.readNBytes(length));
      line(in);
    } while (length > 0);
    return body.toString(StandardCharsets.UTF_8);
  }

  /** Reads an answer up to its body. */
  static Reply readHead(InputStream in) throws IOException {
    int status = Integer.parseInt(line(in).split(" ", 3)[1]);
    Map<String, String> headers = new TreeMap<>(String.CASE_INSENSITIVE_ORDER);
    for (String line = line(in); !line.isEmpty(); line = line(in)) {
      String[] header = line.split(":", 2);
      headers.put(header[0], header[1].strip());
    }
    return new Reply(status, headers, "");
  }

  private static String line(InputStream in) throws IOException {
    StringBuilder line = new StringBuilder();
    for (int c = in.read(); c != '\n'; c = in.read()) {
      if (c < 0) {
        throw new EOFException("the answer broke off after: " + line);
      }
      line.append((char) c);
    }
    return line.toString().strip();
  }

  String header(String name) {
    return headers.getOrDefault(name, "");
  }

  JsonNode json() {
    return json(body);
  }

  private static JsonNode json(String text) {
    try {
      return JSON.readTree(text);
    } catch (JsonProcessingException e) {
      throw new AssertionError("no JSON: " + text, e);
    }
  }

  /**
   * It is this JSON, with no key more or less, under this status.
   *
   * @param json may have single quotes
   */
  void isJson(int expected, String json) {
    assertThat(json()).as("body of %s", this).isEqualTo(json(json));
    assertThat(status).as("status of %s", this).isEqualTo(expected);
    assertThat(header("Content-Type")).isEqualTo("application/json");
  }

  /** It is this plain text under this status. */
  void isText(int expected, String text) {
    assertThat(body).isEqualTo(text);
    assertThat(status).as("status of %s", this).isEqualTo(expected);
    assertThat(header("Content-Type")).isEqualToIgnoringCase("text/plain;charset=utf-8");
  }
}
