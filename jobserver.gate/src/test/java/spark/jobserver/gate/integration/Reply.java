package spark.jobserver.gate.integration;

import static org.assertj.core.api.Assertions.assertThat;

import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;

/**
 * An answer as it came over the wire.
 *
 * @param headers the values by name, in any case
 */
record Reply(int status, Map<String, List<String>> headers, String body) {
  /** Reads an answer that is all there is on a connection. */
  static Reply of(String text) {
    String[] parts = text.split("\r\n\r\n", 2);
    String[] lines = parts[0].split("\r\n", -1);
    Map<String, List<String>> headers = new TreeMap<>(String.CASE_INSENSITIVE_ORDER);
    for (int i = 1; i < lines.length; i++) {
      String[] header = lines[i].split(":", 2);
      headers.computeIfAbsent(header[0], name -> new ArrayList<>()).add(header[1].strip());
    }
    return new Reply(Integer.parseInt(lines[0].split(" ", 3)[1]), headers, parts[1]);
  }

  /** The values of a header. */
  List<String> all(String name) {
    return headers.getOrDefault(name, List.of());
  }

  /** It is this plain text under this status. */
  Reply isText(int expected, String text) {
    assertThat(body).isEqualTo(text);
    assertThat(status).as("status of %s", this).isEqualTo(expected);
    assertThat(all("Content-Type"))
        .singleElement()
        .asString()
        .isEqualToIgnoringCase("text/plain;charset=utf-8");
    return this;
  }

  /** A header has just this value. */
  Reply has(String name, String value) {
    assertThat(all(name)).as("%s of %s", name, this).containsExactly(value);
    return this;
  }

  /** A header is not there. */
  Reply hasNo(String name) {
    assertThat(headers).doesNotContainKey(name);
    return this;
  }
}
