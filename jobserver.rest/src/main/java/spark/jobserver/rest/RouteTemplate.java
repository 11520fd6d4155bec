package spark.jobserver.rest;

import jakarta.ws.rs.Path;
import jakarta.ws.rs.container.ContainerRequestContext;
import jakarta.ws.rs.container.ContainerRequestFilter;
import jakarta.ws.rs.container.ResourceInfo;
import jakarta.ws.rs.core.Context;
import java.lang.reflect.AnnotatedElement;
import java.util.Arrays;
import java.util.List;
import java.util.Optional;
import java.util.regex.Pattern;
import java.util.stream.Collectors;
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
  private static final Pattern OUTER_SLASHES = Pattern.compile("^/+|/+$");

  /** Jersey's stand-in, which knows of the request of the thread that asks. */
  @Context ResourceInfo resource;

  @Override
  public void filter(ContainerRequestContext request) {
    if (resource.getResourceMethod() != null) {
      template(resource.getResourceClass(), resource.getResourceMethod())
          .ifPresent(template -> request.setProperty(RequestObserver.ROUTE, template));
    }
  }

  /**
   * Such as {@code /jobs/{jobId}/config}; a part without a template adds nothing. Empty where none
   * has one, as in what Jersey answers by itself.
   */
  static Optional<String> template(AnnotatedElement... parts) {
    List<Path> paths =
        Arrays.stream(parts)
            .flatMap(part -> Optional.ofNullable(part.getAnnotation(Path.class)).stream())
            .toList();
    return paths.isEmpty()
        ? Optional.empty()
        : Optional.of(
            paths.stream()
                .map(path -> OUTER_SLASHES.matcher(path.value()).replaceAll(""))
                .filter(path -> !path.isEmpty())
                .collect(Collectors.joining("/", "/", "")));
  }
}
