package spark.jobserver.health;

import com.fasterxml.jackson.core.JsonProcessingException;
import com.fasterxml.jackson.databind.ObjectMapper;
import io.swagger.v3.oas.annotations.Operation;
import io.swagger.v3.oas.annotations.media.Content;
import io.swagger.v3.oas.annotations.responses.ApiResponse;
import jakarta.ws.rs.GET;
import jakarta.ws.rs.Path;
import jakarta.ws.rs.core.MediaType;
import jakarta.ws.rs.core.Response;
import java.util.List;
import java.util.Map;
import org.osgi.service.component.annotations.Activate;
import org.osgi.service.component.annotations.Component;
import org.osgi.service.component.annotations.Reference;
import org.osgi.service.jakartars.whiteboard.propertytypes.JakartarsResource;

/**
 * {@code /readyz}: whether the server could run a job now, for whoever asks; {@code /readyz/checks}
 * says what it found. Answered on the container's thread, so that it does not wait behind other
 * requests.
 */
@Component(service = ReadyResource.class)
@JakartarsResource
@Path("/readyz")
public final class ReadyResource {
  private static final ObjectMapper JSON = new ObjectMapper();
  private final PublishedChecks checks;

  @Activate
  public ReadyResource(@Reference PublishedChecks checks) {
    this.checks = checks;
  }

  /** 200 or 503, and nothing else. */
  @GET
  @Operation(
      operationId = "getReadiness",
      summary = "Whether the server is ready for jobs",
      responses = {
        @ApiResponse(
            responseCode = "200",
            description = "It is",
            content = @Content(mediaType = MediaType.APPLICATION_JSON)),
        @ApiResponse(
            responseCode = "503",
            description = "It is not, now",
            content = @Content(mediaType = MediaType.APPLICATION_JSON))
      })
  public Response ready() throws JsonProcessingException {
    return CheckResult.areReady(checks.results())
        ? answer(200, Map.of("status", "SUCCESS"))
        : answer(503, Map.of("status", "ERROR", "result", "Not ready"));
  }

  /** What each check has said; 200 or 503 likewise. */
  @GET
  @Path("checks")
  @Operation(
      operationId = "listChecks",
      summary = "What each health check says",
      responses = {
        @ApiResponse(
            responseCode = "200",
            description = "The server is ready",
            content = @Content(mediaType = MediaType.APPLICATION_JSON)),
        @ApiResponse(
            responseCode = "503",
            description = "It is not, now",
            content = @Content(mediaType = MediaType.APPLICATION_JSON))
      })
  public Response checks() throws JsonProcessingException {
    List<CheckResult> results = checks.results();
    return answer(
        CheckResult.areReady(results) ? 200 : 503,
        results.stream()
            .map(
                result ->
                    Map.of(
                        "name", result.name(),
                        "status", result.status().name(),
                        "message", result.message(),
                        "ready", result.ready()))
            .toList());
  }

  private static Response answer(int status, Object body) throws JsonProcessingException {
    return Response.status(status)
        .type(MediaType.APPLICATION_JSON)
        .entity(JSON.writeValueAsBytes(body))
        .build();
  }
}
