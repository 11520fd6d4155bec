package spark.jobserver.rest;

import com.fasterxml.jackson.core.JsonProcessingException;
import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.json.JsonMapper;
import java.io.IOException;

/** Reports as JSON text in UTF-8. */
final class Json {
  private static final JsonMapper MAPPER = JsonMapper.builder().build();

  private Json() {}

  /** The JSON text of a report. */
  static byte[] bytes(Object report) {
    try {
      return MAPPER.writeValueAsBytes(report);
    } catch (JsonProcessingException e) {
      throw new IllegalStateException(report.getClass() + " cannot be written as JSON", e);
    }
  }

  /** A report that was written as JSON, to be read again. */
  static JsonNode read(byte[] report) {
    try {
      return MAPPER.readTree(report);
    } catch (IOException e) {
      throw new IllegalStateException("a report is no JSON", e);
    }
  }
}
