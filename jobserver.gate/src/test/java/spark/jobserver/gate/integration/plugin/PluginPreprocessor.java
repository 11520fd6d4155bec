package spark.jobserver.gate.integration.plugin;

import jakarta.servlet.FilterChain;
import jakarta.servlet.FilterConfig;
import jakarta.servlet.ServletException;
import jakarta.servlet.ServletRequest;
import jakarta.servlet.ServletResponse;
import jakarta.servlet.http.HttpServletRequest;
import java.io.IOException;
import org.osgi.service.servlet.whiteboard.Preprocessor;

/** Sees every request that has passed the gate, and breaks on some. */
public final class PluginPreprocessor implements Preprocessor {
  @Override
  public void init(FilterConfig config) {
    // It needs nothing.
  }

  @Override
  public void doFilter(ServletRequest request, ServletResponse response, FilterChain chain)
      throws IOException, ServletException {
    if (((HttpServletRequest) request).getRequestURI().equals("/plugin/broken")) {
      throw new IllegalStateException("secret");
    }
    chain.doFilter(request, response);
  }

  @Override
  public void destroy() {
    // It holds nothing.
  }
}
