package spark.jobserver.rest;

import jakarta.ws.rs.core.StreamingOutput;
import java.io.IOException;
import java.io.InputStream;
import java.io.OutputStream;
import java.nio.charset.StandardCharsets;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;
import spark.jobserver.api.Content;

/**
 * A report with the result of a job in it. The result is a JSON text already: it is copied into the
 * answer byte by byte as it is read, however large it is. The {@link #length} is known beforehand,
 * so that a client can tell an answer that broke off from a whole one.
 */
final class ResultBody implements StreamingOutput {
  private static final Logger LOG = LoggerFactory.getLogger(ResultBody.class);
  private static final byte[] RESULT = ",\"result\":".getBytes(StandardCharsets.UTF_8);

  private final byte[] report;
  private final Content result;

  private ResultBody(byte[] report, Content result) {
    this.report = report;
    this.result = result;
  }

  /**
   * A report followed by {@code result}.
   *
   * @param report a record whose JSON is an object that has keys, but not this one
   * @param result one JSON text in UTF-8
   */
  static ResultBody of(Object report, Content result) {
    return new ResultBody(Json.bytes(report), result);
  }

  /** The number of bytes in all. */
  long length() {
    return report.length + RESULT.length + result.size();
  }

  @Override
  public void write(OutputStream out) throws IOException {
    try (InputStream bytes = result.open()) {
      int end = report.length - 1;
      OutputStream client = new ClientStream(out);
      client.write(report, 0, end);
      client.write(RESULT);
      bytes.transferTo(client);
      client.write(report, end, 1);
    } catch (ClientStream.Gone e) {
      LOG.debug("the client left before the end of its answer", e);
    }
  }
}
