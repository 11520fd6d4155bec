package spark.jobserver.gate;

import jakarta.servlet.ServletContext;
import java.util.Optional;
import org.eclipse.jetty.ee10.servlet.ServletContextHandler;
import org.eclipse.jetty.http.HttpException;
import org.eclipse.jetty.http.HttpHeader;
import org.eclipse.jetty.http.HttpStatus;
import org.eclipse.jetty.io.Content;
import org.eclipse.jetty.server.Request;
import org.eclipse.jetty.server.Response;
import org.eclipse.jetty.server.handler.ErrorHandler;
import org.eclipse.jetty.util.Callback;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * The answers that Jetty gives itself: to what is no HTTP, and so never becomes a request that
 * could pass the gate, and where a servlet leaves an answer to it. They are a sentence of plain
 * text, as all that is refused, in place of Jetty's page.
 */
final class JettyErrors extends ErrorHandler {
  private static final Logger LOG = LoggerFactory.getLogger(JettyErrors.class);

  private JettyErrors() {}

  /**
   * Makes Jetty answer so.
   *
   * @param context of the whiteboard in Jetty; of another container nothing is changed
   */
  static void replaceThoseOf(ServletContext context) {
    try {
      ServletContextHandler.getServletContextHandler(context)
          .getServer()
          .setErrorHandler(new JettyErrors());
    } catch (RuntimeException | LinkageError e) {
      LOG.warn("malformed requests are answered in Jetty's own words", e);
    }
  }

  /**
   * The sentence for an error.
   *
   * @param reason what Jetty says of it, which may be no more than the status says
   */
  static String sentence(int status, Optional<String> reason) {
    String phrase = HttpStatus.getMessage(status);
    Optional<String> more =
        reason.filter(text -> !text.isBlank() && !text.equals(phrase)).map(text -> ": " + text);
    return switch (status) {
      case 400 -> "The request was malformed" + more.orElse(".");
      case 404 -> "The requested resource could not be found.";
      default -> status + " " + phrase + more.orElse("");
    };
  }

  @Override
  public boolean errorPageForMethod(String method) {
    return true;
  }

  @Override
  protected void generateResponse(
      Request request,
      Response response,
      int status,
      String reason,
      Throwable cause,
      Callback callback) {
    GatedAnswer.ALWAYS.forEach(response.getHeaders()::put);
    response.getHeaders().put(HttpHeader.CONTENT_TYPE, "text/plain;charset=utf-8");
    // What Jetty itself throws has words for the client; of other exceptions it would tell all.
    Optional<String> told =
        Optional.ofNullable(reason).filter(r -> cause == null || cause instanceof HttpException);
    Content.Sink.write(response, true, sentence(status, told), callback);
  }
}
