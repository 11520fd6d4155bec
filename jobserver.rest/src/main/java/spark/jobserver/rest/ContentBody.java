package spark.jobserver.rest;

import jakarta.ws.rs.core.StreamingOutput;
import java.io.IOException;
import java.io.InputStream;
import java.io.OutputStream;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Bytes that go out as they are read.
 *
 * @param source the bytes
 */
record ContentBody(Source source) implements StreamingOutput {
  private static final Logger LOG = LoggerFactory.getLogger(ContentBody.class);

  /** What can be read. */
  interface Source {
    InputStream open() throws IOException;
  }

  @Override
  public void write(OutputStream out) throws IOException {
    try (InputStream bytes = source.open()) {
      bytes.transferTo(new ClientStream(out));
    } catch (ClientStream.Gone e) {
      LOG.debug("the client left before the end of its answer", e);
    }
  }
}
