package spark.jobserver.rest;

import com.fasterxml.jackson.core.JsonGenerator;
import com.fasterxml.jackson.databind.node.ObjectNode;
import jakarta.ws.rs.core.StreamingOutput;
import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.io.InputStream;
import java.io.OutputStream;
import java.io.UncheckedIOException;
import java.util.Arrays;
import spark.jobserver.api.Content;

/**
 * A report with the result of a job in it. The result is a JSON text already: it is copied into the
 * answer byte by byte as it is read, however large it is. The {@link #length} is known beforehand,
 * so that a client can tell an answer that broke off from a whole one.
 */
final class ResultBody implements StreamingOutput {
  private final byte[] head;
  private final Content result;
  private final byte[] tail;

  private ResultBody(byte[] head, Content result, byte[] tail) {
    this.head = head;
    this.result = result;
    this.tail = tail;
  }

  /**
   * A report followed by {@code result}.
   *
   * @param report a record whose JSON is an object without that key
   * @param result one JSON text in UTF-8
   */
  static ResultBody of(Object report, Content result) {
    ObjectNode fields = Json.MAPPER.valueToTree(report);
    ByteArrayOutputStream frame = new ByteArrayOutputStream();
    try (JsonGenerator json = Json.MAPPER.createGenerator(frame)) {
      json.writeStartObject();
      for (var field : fields.properties()) {
        json.writePOJOField(field.getKey(), field.getValue());
      }
      json.writeFieldName("result");
      json.writeRawValue("");
      json.flush();
      int headLength = frame.size();
      json.writeEndObject();
      json.flush();
      byte[] all = frame.toByteArray();
      return new ResultBody(
          Arrays.copyOf(all, headLength), result, Arrays.copyOfRange(all, headLength, all.length));
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
  }

  /** The number of bytes in all. */
  long length() {
    return head.length + result.size() + tail.length;
  }

  @Override
  public void write(OutputStream out) throws IOException {
    try (InputStream bytes = result.open()) {
      out.write(head);
      bytes.transferTo(out);
      out.write(tail);
    }
  }
}
