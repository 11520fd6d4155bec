package spark.jobserver.rest;

import jakarta.ws.rs.core.StreamingOutput;
import java.io.IOException;
import java.io.InputStream;
import java.io.OutputStream;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;
import spark.jobserver.api.Content;

/**
 * Bytes that go out as they are read.
 *
 * @param content the bytes
 */
record ContentBody(Content content) implements StreamingOutput {
  private static final Logger LOG = LoggerFactory.getLogger(ContentBody.class);

  @Override
  public void write(OutputStream out) throws IOException {
    try (InputStream bytes = content.open()) {
      bytes.transferTo(new ClientStream(out));
    } catch (ClientStream.Gone e) {
      LOG.debug("the client left before the end of its answer", e);
    }
  }
}
