package spark.jobserver.gate.integration.plugin;

import jakarta.servlet.AsyncContext;
import jakarta.servlet.http.HttpServlet;
import jakarta.servlet.http.HttpServletRequest;
import jakarta.servlet.http.HttpServletResponse;
import java.io.IOException;
import java.util.Collections;
import java.util.TreeSet;
import java.util.concurrent.locks.LockSupport;

/** Answers in the ways in which servlets of plugins may. */
public final class PluginServlet extends HttpServlet {
  private static final long serialVersionUID = 1;

  /** How long an answer to {@code /slow} takes at least. */
  public static final long SLOW_NANOS = 50_000_000;

  @Override
  protected void service(HttpServletRequest request, HttpServletResponse response)
      throws IOException {
    switch (request.getPathInfo()) {
      case "/echo" -> text(response, echo(request));
      case "/caller" -> text(response, caller(request));
      case "/page" -> html(response);
      case "/page-with-policy" -> {
        response.addHeader("Content-Security-Policy", "default-src 'self'");
        html(response);
      }
      case "/own-headers" -> {
        response.addHeader("Cache-Control", "private");
        response.addHeader("cache-control", "max-age=60");
        response.setHeader("Vary", "Accept");
        text(response, "own");
      }
      case "/reset" -> {
        response.setHeader("Cache-Control", "max-age=60");
        response.setHeader("X-Gone", "yes");
        response.reset();
        text(response, "reset");
      }
      case "/later" -> {
        response.setHeader("Cache-Control", "max-age=60");
        request.startAsync().dispatch("/plugin/echo");
      }
      case "/routed" -> {
        request.setAttribute("spark.jobserver.route", "/plugin/{what}");
        text(response, "routed");
      }
      case "/slow" -> {
        AsyncContext later = request.startAsync();
        later.start(
            () -> {
              LockSupport.parkNanos(SLOW_NANOS);
              ((HttpServletResponse) later.getResponse()).setStatus(503);
              later.complete();
            });
      }
      case "/wordless" -> {
        response.reset();
        response.setStatus(400);
      }
      case "/error" -> response.sendError(409, "in the way");
      case "/crash" -> throw new IllegalStateException("secret");
      default -> response.sendError(404);
    }
  }

  private static String echo(HttpServletRequest request) {
    return "%s %s %s %s"
        .formatted(
            request.getMethod(),
            request.getQueryString(),
            new TreeSet<>(Collections.list(request.getParameterNames())),
            request.getParameter("_method"));
  }

  private static String caller(HttpServletRequest request) {
    return "%s %s %s %s %s"
        .formatted(
            request.getRemoteUser(),
            request.getUserPrincipal().getName(),
            request.getAuthType(),
            request.isUserInRole("jobs:read"),
            request.isUserInRole("jobs:start"));
  }

  private static void html(HttpServletResponse response) throws IOException {
    response.setContentType("text/html;charset=utf-8");
    response.getWriter().write("<p>page</p>");
  }

  private static void text(HttpServletResponse response, String text) throws IOException {
    response.setContentType("text/plain;charset=utf-8");
    response.getWriter().write(text);
  }
}
