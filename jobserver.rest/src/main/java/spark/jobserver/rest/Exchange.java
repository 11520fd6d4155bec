package spark.jobserver.rest;

import jakarta.servlet.AsyncContext;
import jakarta.servlet.http.HttpServletResponse;
import jakarta.ws.rs.core.Response;
import jakarta.ws.rs.core.StreamingOutput;
import java.io.IOException;
import java.io.OutputStream;
import java.util.Optional;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * The end of a suspended request: where its one answer goes. That is the container, and not Jersey
 * that has suspended it: when a REST resource comes or goes anywhere in the server, the whiteboard
 * starts Jersey anew, and the old one refuses what it is given then, or loses it and answers an
 * empty 500. Whatever Jersey's filters do to answers is done here.
 *
 * @param container the request, as the container keeps it
 * @param accept what the client accepts
 * @param head whether the client asks for the head of the answer only
 * @param counter counts the answers, which Jersey does not see
 */
record Exchange(
    AsyncContext container, Optional<String> accept, boolean head, AnswerCounter counter) {
  private static final Logger LOG = LoggerFactory.getLogger(Exchange.class);

  /**
   * Sends the answer on this thread, at the pace of the client. A body that is {@link
   * AutoCloseable} is closed at the end, whether it was asked to write or not: the head alone may
   * be wanted, and the client may be gone.
   */
  void answer(Response made) {
    try {
      send(made);
    } finally {
      close(made.getEntity());
      container.complete();
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

  private void send(Response made) {
    try {
      HttpServletResponse out = (HttpServletResponse) container.getResponse();
      try {
        write(made, out);
      } catch (RuntimeException e) {
        if (out.isCommitted()) {
          // The client finds less than was announced.
          LOG.error("an answer broke off", e);
        } else {
          out.reset();
          write(ErrorMapper.answer(e), out);
        }
      }
    } catch (IOException e) {
      LOG.debug("the client is gone", e);
    }
  }

  private void write(Response made, HttpServletResponse out) throws IOException {
    Response told = Problem.wanted(accept) ? Problem.instead(made) : made;
    counter.count(told.getStatus());
    out.setStatus(told.getStatus());
    told.getStringHeaders()
        .forEach((name, values) -> values.forEach(value -> out.addHeader(name, value)));
    if (!head) {
      write(told.getEntity(), out.getOutputStream());
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
