package spark.jobserver.rest;

import io.swagger.v3.oas.annotations.Operation;
import jakarta.ws.rs.GET;
import jakarta.ws.rs.Path;
import jakarta.ws.rs.core.Response;
import java.util.HashMap;
import java.util.Map;
import org.osgi.service.component.annotations.Activate;
import org.osgi.service.component.annotations.Component;
import org.osgi.service.component.annotations.Reference;
import org.osgi.service.jakartars.whiteboard.propertytypes.JakartarsExtensionSelect;
import org.osgi.service.jakartars.whiteboard.propertytypes.JakartarsResource;

/**
 * {@code /metricz}: gauges of the Java virtual machine and of the threads that answer, and what the
 * server has counted. Answered on the container's thread, so that it tells of a server whose
 * threads are all taken.
 */
@Component(service = MetricsResource.class)
@JakartarsResource
@JakartarsExtensionSelect(ErrorMapper.SELECT)
@Path("/metricz")
public final class MetricsResource {
  private final Core core;
  private final Answers answers;
  private final EventStreams events;
  private final AnswerCounter counter;

  @Activate
  public MetricsResource(
      @Reference Core core,
      @Reference Answers answers,
      @Reference EventStreams events,
      @Reference AnswerCounter counter) {
    this.core = core;
    this.answers = answers;
    this.events = events;
    this.counter = counter;
  }

  /** All of them. */
  @GET
  @Operation(operationId = "getMetrics")
  public Response metrics() {
    Map<String, Long> gauges = new HashMap<>(JvmGauges.read());
    gauges.putAll(answers.gauges());
    gauges.put("rest.event-streams.open", (long) events.open());
    Map<String, Long> counters = new HashMap<>(core.counters());
    counters.putAll(counter.counters());
    return Answer.ok(MetricsReport.of(gauges, counters));
  }
}
