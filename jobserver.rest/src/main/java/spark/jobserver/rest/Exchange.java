package spark.jobserver.rest;

import jakarta.servlet.AsyncContext;
import jakarta.servlet.http.HttpServletResponse;
import jakarta.ws.rs.container.AsyncResponse;
import jakarta.ws.rs.core.Response;
import jakarta.ws.rs.core.StreamingOutput;
import java.io.IOException;
import java.io.OutputStream;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * The end of a suspended request: where its one answer goes. That is through Jersey, so that
 * whatever filters answers sees it. But when a REST resource comes or goes anywhere in the server,
 * the whiteboard starts Jersey anew, and the old Jersey refuses the answers to the requests it had
 * suspended: their clients would wait for ever. These are written to the container directly.
 *
 * @param jersey the request as Jersey suspended it
 * @param container the same, as the container keeps it
 */
record Exchange(AsyncResponse jersey, AsyncContext container) {
  private static final Logger LOG = LoggerFactory.getLogger(Exchange.class);

  /** Sends the answer on this thread, at the pace of the client. */
  void answer(Response response) {
    try {
      jersey.resume(response);
    } catch (RuntimeException e) {
      // A Jersey that is gone also fails to clean up after an answer that it had begun before.
      if (jersey.isDone()) {
        LOG.debug("Jersey failed after the answer", e);
      } else {
        LOG.debug("Jersey refused the answer", e);
        answerContainer(response);
      }
    }
  }

  private void answerContainer(Response response) {
    try {
      HttpServletResponse out = (HttpServletResponse) container.getResponse();
      if (!out.isCommitted()) {
        out.setStatus(response.getStatus());
        response
            .getStringHeaders()
            .forEach((name, values) -> values.forEach(value -> out.addHeader(name, value)));
        write(response.getEntity(), out.getOutputStream());
      }
    } catch (IOException e) {
      LOG.debug("the client is gone", e);
    } finally {
      container.complete();
    }
  }

  private static void write(Object entity, OutputStream out) throws IOException {
    if (entity instanceof byte[] bytes) {
      out.write(bytes);
    } else if (entity instanceof StreamingOutput body) {
      body.write(out);
    }
  }
}
