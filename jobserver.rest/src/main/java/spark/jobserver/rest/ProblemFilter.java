package spark.jobserver.rest;

import jakarta.ws.rs.container.ContainerRequestContext;
import jakarta.ws.rs.container.ContainerResponseContext;
import jakarta.ws.rs.container.ContainerResponseFilter;
import jakarta.ws.rs.core.HttpHeaders;
import jakarta.ws.rs.core.MediaType;
import jakarta.ws.rs.core.Response;
import java.util.Optional;
import org.osgi.service.component.annotations.Component;
import org.osgi.service.jakartars.whiteboard.propertytypes.JakartarsExtension;
import org.osgi.service.jakartars.whiteboard.propertytypes.JakartarsName;

/** Tells as problems what Jersey itself refuses, which no resource has seen. */
@Component(service = ContainerResponseFilter.class)
@JakartarsExtension
@JakartarsName("jobserver.problems")
public final class ProblemFilter implements ContainerResponseFilter {
  @Override
  public void filter(ContainerRequestContext request, ContainerResponseContext answer) {
    boolean asked =
        Problem.wanted(Optional.ofNullable(request.getHeaderString(HttpHeaders.ACCEPT)));
    MediaType type = answer.getMediaType();
    if (asked && answer.getStatus() >= 400 && !MediaType.valueOf(Problem.MEDIA_TYPE).equals(type)) {
      Response made =
          Response.status(answer.getStatusInfo()).type(type).entity(answer.getEntity()).build();
      Response problem = Problem.instead(made);
      if (problem != made) {
        answer
            .getHeaders()
            .putSingle(
                HttpHeaders.CONTENT_LENGTH, problem.getHeaderString(HttpHeaders.CONTENT_LENGTH));
        answer.setEntity(problem.getEntity(), null, problem.getMediaType());
      }
    }
  }
}
