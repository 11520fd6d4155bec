package spark.jobserver.gate;

import jakarta.servlet.DispatcherType;
import jakarta.servlet.FilterChain;
import jakarta.servlet.FilterConfig;
import jakarta.servlet.ServletException;
import jakarta.servlet.ServletRequest;
import jakarta.servlet.ServletResponse;
import jakarta.servlet.http.HttpServletRequest;
import jakarta.servlet.http.HttpServletResponse;
import java.io.IOException;
import org.osgi.service.servlet.whiteboard.Preprocessor;
import org.slf4j.MDC;
import spark.jobserver.api.server.RequestObserver;

/**
 * The gate, with a look at what becomes of each request: one that it refuses, one that is answered
 * behind it, at once or later. Called by many threads at once.
 */
final class ObservedGate implements Preprocessor {
  private final Gate gate;
  private final RequestObservers observers;

  ObservedGate(Gate gate, RequestObservers observers) {
    this.gate = gate;
    this.observers = observers;
  }

  @Override
  public void init(FilterConfig config) {
    gate.init(config);
  }

  @Override
  public void destroy() {
    gate.destroy();
  }

  @Override
  public void doFilter(ServletRequest request, ServletResponse response, FilterChain chain)
      throws IOException, ServletException {
    if (request.getDispatcherType() == DispatcherType.REQUEST) {
      observe((HttpServletRequest) request, (HttpServletResponse) response, chain);
    } else {
      gate.doFilter(request, response, chain);
    }
  }

  private void observe(HttpServletRequest request, HttpServletResponse response, FilterChain chain)
      throws IOException, ServletException {
    ObservedRequest observed = new ObservedRequest(request, response, observers::answered);
    boolean failed = true;
    MDC.put(RequestObserver.LOGGED_ID, observed.id());
    try {
      gate.doFilter(
          request,
          response,
          (passed, answer) -> {
            observed.passed((HttpServletRequest) passed);
            chain.doFilter(passed, answer);
          });
      failed = false;
    } finally {
      MDC.remove(RequestObserver.LOGGED_ID);
      observed.left(failed);
    }
  }
}
