package spark.jobserver.rest;

import io.swagger.v3.oas.annotations.Operation;
import jakarta.ws.rs.GET;
import jakarta.ws.rs.Path;
import jakarta.ws.rs.core.Response;
import java.util.Optional;
import java.util.concurrent.atomic.AtomicReference;
import org.osgi.service.component.annotations.Activate;
import org.osgi.service.component.annotations.Component;
import org.osgi.service.component.annotations.Reference;
import org.osgi.service.jakartars.whiteboard.propertytypes.JakartarsExtensionSelect;
import org.osgi.service.jakartars.whiteboard.propertytypes.JakartarsResource;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;
import spark.jobserver.api.server.JobserverException;

/**
 * {@code /healthz}: whether the server can do its work, but for a store that is still to come. The
 * answer's words are fixed; what is wrong goes to the log, each time it changes. Answered on the
 * container's thread, so that it does not wait behind other requests.
 */
@Component(service = HealthResource.class)
@JakartarsResource
@JakartarsExtensionSelect(ErrorMapper.SELECT)
@Path("/healthz")
public final class HealthResource {
  private static final Logger LOG = LoggerFactory.getLogger(HealthResource.class);

  private final Core core;
  private final AtomicReference<Optional<String>> last = new AtomicReference<>(Optional.empty());

  @Activate
  public HealthResource(@Reference Core core) {
    this.core = core;
  }

  /** 200 or 500. */
  @GET
  @Operation(operationId = "getHealth")
  public Response check() {
    Optional<String> problem = problem();
    if (!last.getAndSet(problem).equals(problem)) {
      problem.ifPresentOrElse(
          what -> LOG.warn("not healthy: {}", what), () -> LOG.info("healthy again"));
    }
    return problem.isEmpty()
        ? Answer.ok(StatusReport.SUCCESS)
        : Answer.of(500, Message.error("Required actors not alive"));
  }

  private Optional<String> problem() {
    try {
      return core.problem();
    } catch (JobserverException e) {
      return Optional.of(e.getMessage());
    }
  }
}
