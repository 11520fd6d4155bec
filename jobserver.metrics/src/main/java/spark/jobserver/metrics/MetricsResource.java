package spark.jobserver.metrics;

import io.swagger.v3.oas.annotations.Operation;
import io.swagger.v3.oas.annotations.media.Content;
import io.swagger.v3.oas.annotations.responses.ApiResponse;
import jakarta.ws.rs.GET;
import jakarta.ws.rs.Path;
import jakarta.ws.rs.core.Response;
import java.io.ByteArrayOutputStream;
import java.io.IOException;
import org.osgi.service.component.annotations.Activate;
import org.osgi.service.component.annotations.Component;
import org.osgi.service.component.annotations.Reference;
import org.osgi.service.jakartars.whiteboard.propertytypes.JakartarsResource;

/**
 * {@code /metrics}. Answered on the container's thread, so that it tells of a server whose threads
 * are all taken.
 */
@Component(service = MetricsResource.class)
@JakartarsResource
@Path("/metrics")
public final class MetricsResource {
  private final ServerMetrics metrics;

  @Activate
  public MetricsResource(@Reference ServerMetrics metrics) {
    this.metrics = metrics;
  }

  /** All of them. */
  @GET
  @Operation(
      operationId = "scrapeMetrics",
      summary = "Metrics for Prometheus",
      description = "In its text format; docs/operating.md says what there is.",
      responses =
          @ApiResponse(
              responseCode = "200",
              description = "All metrics",
              content = @Content(mediaType = "text/plain")))
  public Response scrape() throws IOException {
    ByteArrayOutputStream text = new ByteArrayOutputStream();
    metrics.write(text);
    return Response.ok(text.toByteArray(), ServerMetrics.CONTENT_TYPE).build();
  }
}
