package spark.jobserver.health;

import static org.osgi.service.component.annotations.ReferenceCardinality.OPTIONAL;
import static org.osgi.service.component.annotations.ReferencePolicy.DYNAMIC;
import static org.osgi.service.component.annotations.ReferencePolicyOption.GREEDY;

import io.swagger.v3.oas.annotations.Operation;
import io.swagger.v3.oas.annotations.media.Content;
import io.swagger.v3.oas.annotations.responses.ApiResponse;
import jakarta.ws.rs.GET;
import jakarta.ws.rs.Path;
import jakarta.ws.rs.core.Context;
import jakarta.ws.rs.core.MediaType;
import jakarta.ws.rs.core.Response;
import jakarta.ws.rs.core.SecurityContext;
import java.io.IOException;
import java.lang.management.ManagementFactory;
import java.lang.management.MemoryUsage;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.time.Instant;
import java.time.ZoneId;
import java.util.List;
import java.util.Optional;
import java.util.OptionalLong;
import java.util.stream.Collectors;
import org.osgi.framework.BundleContext;
import org.osgi.framework.Version;
import org.osgi.service.component.annotations.Activate;
import org.osgi.service.component.annotations.Component;
import org.osgi.service.component.annotations.Reference;
import org.osgi.service.jakartars.whiteboard.propertytypes.JakartarsResource;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;
import spark.jobserver.api.Job;
import spark.jobserver.api.JobFilter;
import spark.jobserver.api.JobState;
import spark.jobserver.api.server.Contexts;
import spark.jobserver.api.server.Jobs;
import spark.jobserver.api.server.Measured;
import spark.jobserver.api.server.Measurement;

/** {@code /status}: what the server is at, as {@code bin/jobserver status} shows it. */
@Component(service = StatusResource.class)
@JakartarsResource
@Path("/status")
public final class StatusResource {
  private static final Logger LOG = LoggerFactory.getLogger(StatusResource.class);
  private static final String SPARES = "jobserver_spare_drivers";

  /** As many jobs as there can be in all contexts that there may be, with some to spare. */
  private static final int MOST_JOBS = 1000;

  private final String version;

  @Reference(cardinality = OPTIONAL, policy = DYNAMIC, policyOption = GREEDY)
  volatile Contexts contexts;

  @Reference(cardinality = OPTIONAL, policy = DYNAMIC, policyOption = GREEDY)
  volatile Jobs jobs;

  @Reference volatile List<Measured> measured = List.of();

  @Activate
  public StatusResource(BundleContext context) {
    Version bundle = context.getBundle().getVersion();
    this.version = bundle.getMajor() + "." + bundle.getMinor() + "." + bundle.getMicro();
  }

  /** Text; the jobs in it are for callers with the permission to read jobs. */
  @GET
  @Operation(
      operationId = "getStatus",
      summary = "What the server is at, for people",
      responses = {
        @ApiResponse(
            responseCode = "200",
            description = "Lines of text",
            content = @Content(mediaType = MediaType.TEXT_PLAIN)),
        @ApiResponse(
            responseCode = "503",
            description = "The core is not there now",
            content = @Content(mediaType = MediaType.TEXT_PLAIN))
      })
  public Response status(@Context SecurityContext caller) {
    Contexts someContexts = contexts;
    Jobs someJobs = jobs;
    if (someContexts == null || someJobs == null) {
      return text(503, "The server is starting or changing. Try again.");
    }
    return text(200, report(someContexts, someJobs, caller).text(ZoneId.systemDefault()));
  }

  private StatusReport report(Contexts someContexts, Jobs someJobs, SecurityContext caller) {
    Optional<List<Job>> active =
        caller.isUserInRole("jobs:read")
            ? Optional.of(someJobs.list(JobFilter.ALL.in(JobState.RUNNING), MOST_JOBS))
            : Optional.empty();
    List<StatusReport.At> at =
        someContexts.names().stream()
            .flatMap(name -> someContexts.find(name).stream())
            .map(
                context ->
                    new StatusReport.At(
                        context,
                        active.map(
                            all ->
                                all.stream()
                                    .filter(job -> job.contextId().equals(context.id()))
                                    .toList())))
            .toList();
    MemoryUsage heap = ManagementFactory.getMemoryMXBean().getHeapMemoryUsage();
    return new StatusReport(
        version,
        Instant.ofEpochMilli(ManagementFactory.getRuntimeMXBean().getStartTime()),
        Instant.now(),
        resident(),
        heap.getUsed(),
        heap.getMax(),
        spares(measured),
        at);
  }

  /** What the parts tell of spare drivers, in a few words. */
  static String spares(List<Measured> parts) {
    String told =
        parts.stream().flatMap(part -> spares(part).stream()).collect(Collectors.joining(", "));
    return told.isEmpty() ? "none" : told;
  }

  private static List<String> spares(Measured part) {
    try {
      return part.measurements().stream()
          .filter(one -> SPARES.equals(one.name()) && one.value() > 0)
          .map(StatusResource::spare)
          .toList();
    } catch (Throwable e) { // whatever a plugin throws; its metrics are asked more often
      LOG.debug("{} does not tell how it is", part.getClass().getName(), e);
      return List.of();
    }
  }

  private static String spare(Measurement one) {
    return (long) one.value() + " " + one.labels().getOrDefault("state", "");
  }

  /** What of this process is in memory, as the kernel says. */
  private static OptionalLong resident() {
    try {
      return Files.readAllLines(java.nio.file.Path.of("/proc/self/status")).stream()
          .filter(line -> line.startsWith("VmRSS:"))
          .mapToLong(line -> Long.parseLong(line.replaceAll("[^0-9]", "")) * 1024)
          .findFirst();
    } catch (IOException e) {
      return OptionalLong.empty();
    }
  }

  private static Response text(int status, String text) {
    return Response.status(status)
        .type("text/plain;charset=utf-8")
        .entity(text.getBytes(StandardCharsets.UTF_8))
        .build();
  }
}
