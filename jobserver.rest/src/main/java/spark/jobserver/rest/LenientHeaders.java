package spark.jobserver.rest;

import jakarta.ws.rs.ProcessingException;
import jakarta.ws.rs.container.ContainerRequestContext;
import jakarta.ws.rs.container.ContainerRequestFilter;
import jakarta.ws.rs.container.PreMatching;
import jakarta.ws.rs.core.HttpHeaders;
import org.osgi.service.component.annotations.Component;
import org.osgi.service.jakartars.whiteboard.propertytypes.JakartarsExtension;
import org.osgi.service.jakartars.whiteboard.propertytypes.JakartarsName;

/**
 * Hides from Jersey a malformed header {@code Accept}: it would refuse the request with 400 and
 * without a word, where no answer of ours depends on what a client accepts.
 */
@Component(service = ContainerRequestFilter.class)
@JakartarsExtension
@JakartarsName("jobserver.headers")
@PreMatching
public final class LenientHeaders implements ContainerRequestFilter {
  @Override
  public void filter(ContainerRequestContext request) {
    if (isMalformed(request)) {
      request.getHeaders().remove(HttpHeaders.ACCEPT);
    }
  }

  private static boolean isMalformed(ContainerRequestContext request) {
    try {
      return request.getAcceptableMediaTypes().isEmpty();
    } catch (ProcessingException | IllegalArgumentException e) {
      return true;
    }
  }
}
