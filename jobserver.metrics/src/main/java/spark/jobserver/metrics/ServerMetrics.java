package spark.jobserver.metrics;

import io.prometheus.metrics.config.EscapingScheme;
import io.prometheus.metrics.core.metrics.Histogram;
import io.prometheus.metrics.core.metrics.Info;
import io.prometheus.metrics.expositionformats.PrometheusTextFormatWriter;
import io.prometheus.metrics.instrumentation.jvm.JvmClassLoadingMetrics;
import io.prometheus.metrics.instrumentation.jvm.JvmGarbageCollectorMetrics;
import io.prometheus.metrics.instrumentation.jvm.JvmMemoryMetrics;
import io.prometheus.metrics.instrumentation.jvm.JvmRuntimeInfoMetric;
import io.prometheus.metrics.instrumentation.jvm.JvmThreadsMetrics;
import io.prometheus.metrics.instrumentation.jvm.ProcessMetrics;
import io.prometheus.metrics.model.registry.PrometheusRegistry;
import java.io.IOException;
import java.io.OutputStream;
import java.time.Duration;
import java.util.Locale;
import java.util.Optional;
import java.util.Set;
import java.util.concurrent.TimeUnit;
import org.osgi.framework.BundleContext;
import org.osgi.framework.Version;
import org.osgi.service.component.annotations.Activate;
import org.osgi.service.component.annotations.Component;
import org.osgi.service.component.annotations.Reference;
import spark.jobserver.api.JobState;
import spark.jobserver.api.server.JobObserver;
import spark.jobserver.api.server.RequestObserver;

/**
 * Times requests and jobs, and writes that with what others tell, and with what the Java virtual
 * machine says of itself. Labels are bounded: a request counts by the template of its route, a
 * method that is none of the usual ones as {@code other}. Called by many threads at once.
 */
@Component(
    service = {ServerMetrics.class, RequestObserver.class, JobObserver.class},
    immediate = true)
public final class ServerMetrics implements RequestObserver, JobObserver {
  static final String CONTENT_TYPE = PrometheusTextFormatWriter.CONTENT_TYPE;

  private static final Set<String> METHODS =
      Set.of("GET", "HEAD", "POST", "PUT", "DELETE", "OPTIONS", "PATCH", "TRACE");
  private static final String OTHER = "other";

  /** Where no template is known: the gate refused it, or what answered it has none. */
  private static final String REFUSED = "refused";

  private final MeasuredParts parts;
  private final PrometheusRegistry registry = new PrometheusRegistry();
  private final PrometheusTextFormatWriter writer = PrometheusTextFormatWriter.create();

  private final Histogram requests =
      Histogram.builder()
          .name("jobserver_http_request_duration_seconds")
          .help("From the head of a request to the end of its answer")
          .labelNames("route", "method", "status")
          .classicOnly()
          .classicUpperBounds(0.001, 0.0025, 0.005, 0.01, 0.025, 0.1, 0.5, 2.5, 10, 60)
          .withoutExemplars()
          .register(registry);

  private final Histogram jobs =
      Histogram.builder()
          .name("jobserver_job_duration_seconds")
          .help("From when a job was stored to when its end was")
          .labelNames("state")
          .classicOnly()
          .classicUpperBounds(0.01, 0.025, 0.05, 0.1, 0.25, 1, 5, 30, 300, 3600)
          .withoutExemplars()
          .register(registry);

  private final Histogram phases =
      Histogram.builder()
          .name("jobserver_job_phase_seconds")
          .help(
              "How long jobs are in a phase: preparing in the driver, running there, delivering"
                  + " between server, driver and store")
          .labelNames("phase")
          .classicOnly()
          .classicUpperBounds(0.001, 0.0025, 0.005, 0.01, 0.05, 0.25, 1, 5, 60, 3600)
          .withoutExemplars()
          .register(registry);

  /** Metrics of the server that this bundle is a part of. */
  @Activate
  public ServerMetrics(BundleContext context, @Reference MeasuredParts parts) {
    this(context.getBundle().getVersion(), parts);
  }

  ServerMetrics(Version version, MeasuredParts parts) {
    this.parts = parts;
    Info.builder()
        .name("jobserver_info")
        .help("The server's version")
        .labelNames("version")
        .register(registry)
        .setLabelValues(
            "%d.%d.%d".formatted(version.getMajor(), version.getMinor(), version.getMicro()));
    JvmClassLoadingMetrics.builder().register(registry);
    JvmGarbageCollectorMetrics.builder().register(registry);
    JvmMemoryMetrics.builder().register(registry);
    JvmRuntimeInfoMetric.builder().register(registry);
    JvmThreadsMetrics.builder().register(registry);
    ProcessMetrics.builder().register(registry);
  }

  @Override
  public void answered(AnsweredRequest request) {
    requests
        .labelValues(
            request.route().orElse(request.refused() ? REFUSED : OTHER),
            METHODS.contains(request.method()) ? request.method() : OTHER,
            request.status() / 100 + "xx")
        .observe(seconds(request.took()));
  }

  @Override
  public void ended(JobState state, Times times) {
    times
        .total()
        .ifPresent(
            took -> jobs.labelValues(state.name().toLowerCase(Locale.ROOT)).observe(seconds(took)));
    observe("preparing", times.preparing());
    observe("running", times.running());
    observe("delivering", times.delivering());
  }

  private void observe(String phase, Optional<Duration> took) {
    took.ifPresent(time -> phases.labelValues(phase).observe(seconds(time)));
  }

  private static double seconds(Duration duration) {
    return (double) duration.toNanos() / TimeUnit.SECONDS.toNanos(1);
  }

  /** Writes all of it in Prometheus' text format. */
  void write(OutputStream out) throws IOException {
    writer.write(out, parts.with(registry.scrape()), EscapingScheme.UNDERSCORE_ESCAPING);
  }
}
