package spark.jobserver.rest;

import jakarta.servlet.AsyncContext;
import jakarta.servlet.http.HttpServletResponse;
import jakarta.ws.rs.container.AsyncResponse;
import jakarta.ws.rs.core.Response;
import jakarta.ws.rs.core.StreamingOutput;
import java.io.IOException;
import java.io.OutputStream;
import java.util.Optional;
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
 * @param accept what the client accepts
 * @param head whether the client asks for the head of the answer only
 * @param counter counts the answers that Jersey does not see
 */
record Exchange(
    AsyncResponse jersey,
    AsyncContext container,
    Optional<String> accept,
    boolean head,
    AnswerCounter counter) {
  private static final Logger LOG = LoggerFactory.getLogger(Exchange.class);

  /**
   * Sends the answer on this thread, at the pace of the client. A body that is {@link
   * AutoCloseable} is closed at the end, whether it was asked to write or not: the head alone may
   * be wanted, and the client may be gone.
   */
  void answer(Response made) {
    try {
      Response told = Problem.wanted(accept) ? Problem.instead(made) : made;
      send(head ? Response.fromResponse(told).entity(null).build() : told);
    } finally {
      close(made.getEntity());
    }
  }

  /** Closes a body that is not wanted any more. */
  static void close(Object entity) {
    if (entity instanceof AutoCloseable body) {
      try {
        body.close();
      } catch (Exception e) {
        LOG.warn("the body of an answer cannot be closed", e);
      }
    }
  }

  private void send(Response response) {
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
        counter.count(response.getStatus());
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
