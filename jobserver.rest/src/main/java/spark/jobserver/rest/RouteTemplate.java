package spark.jobserver.rest;

import jakarta.ws.rs.Path;
import jakarta.ws.rs.container.ContainerRequestContext;
import jakarta.ws.rs.container.ContainerRequestFilter;
import jakarta.ws.rs.container.ResourceInfo;
import jakarta.ws.rs.core.Context;
import java.lang.reflect.AnnotatedElement;
import java.util.Optional;
import org.osgi.service.component.annotations.Component;
import org.osgi.service.jakartars.whiteboard.propertytypes.JakartarsExtension;
import org.osgi.service.jakartars.whiteboard.propertytypes.JakartarsName;
import spark.jobserver.api.server.RequestObserver;

/**
 * Notes on each request the template of the route that answers it, for those who count requests by
 * it. Called by many threads at once.
 */
@Component(service = ContainerRequestFilter.class)
@JakartarsExtension
@JakartarsName("jobserver.route")
public final class RouteTemplate implements ContainerRequestFilter {
  /** Jersey's stand-in, which knows of the request of the thread that asks. */
  @Context ResourceInfo resource;

  @Override
  public void filter(ContainerRequestContext request) {
    if (resource.getResourceMethod() != null) {
      request.setProperty(
          RequestObserver.ROUTE,
          template(resource.getResourceClass(), resource.getResourceMethod()));
    }
  }

  /** Such as {@code /jobs/{jobId}/config}; a part without a template adds nothing. */
  static String template(AnnotatedElement... parts) {
    StringBuilder template = new StringBuilder();
    for (AnnotatedElement part : parts) {
      Optional.ofNullable(part.getAnnotation(Path.class))
          .map(path -> path.value().replaceAll("^/+|/+$", ""))
          .filter(path -> !path.isEmpty())
          .ifPresent(path -> template.append('/').append(path));
    }
    return template.isEmpty() ? "/" : template.toString();
  }
}
