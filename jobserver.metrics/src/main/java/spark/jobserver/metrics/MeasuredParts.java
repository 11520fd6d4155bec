package spark.jobserver.metrics;

import static io.prometheus.metrics.config.EscapingScheme.UNDERSCORE_ESCAPING;

import io.prometheus.metrics.model.snapshots.CounterSnapshot;
import io.prometheus.metrics.model.snapshots.CounterSnapshot.CounterDataPointSnapshot;
import io.prometheus.metrics.model.snapshots.GaugeSnapshot;
import io.prometheus.metrics.model.snapshots.GaugeSnapshot.GaugeDataPointSnapshot;
import io.prometheus.metrics.model.snapshots.HistogramSnapshot;
import io.prometheus.metrics.model.snapshots.InfoSnapshot;
import io.prometheus.metrics.model.snapshots.Labels;
import io.prometheus.metrics.model.snapshots.MetricMetadata;
import io.prometheus.metrics.model.snapshots.MetricSnapshot;
import io.prometheus.metrics.model.snapshots.MetricSnapshots;
import io.prometheus.metrics.model.snapshots.PrometheusNaming;
import io.prometheus.metrics.model.snapshots.SummarySnapshot;
import java.util.ArrayList;
import java.util.Collections;
import java.util.Comparator;
import java.util.HashSet;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.concurrent.ConcurrentHashMap;
import org.osgi.framework.Constants;
import org.osgi.service.component.annotations.Component;
import org.osgi.service.component.annotations.Reference;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;
import spark.jobserver.api.server.Measured;
import spark.jobserver.api.server.Measurement;
import spark.jobserver.api.server.Measurement.Kind;

/**
 * What the parts of the server tell, plugins too, as they come and go. One that fails, or tells
 * what nobody could read, keeps nobody from reading the others. A name belongs to one part: to that
 * of the bundle that was installed first, which are the server's own. May be called by many threads
 * at once.
 */
@Component(service = MeasuredParts.class)
public final class MeasuredParts {
  private static final Logger LOG = LoggerFactory.getLogger(MeasuredParts.class);

  /** Each with the properties of its service. */
  @Reference(service = Measured.class)
  volatile List<Map.Entry<Map<String, Object>, Measured>> parts = List.of();

  /** The classes of parts that were amiss when they were asked last. */
  private final Set<String> amiss = ConcurrentHashMap.newKeySet();

  /** Those, which keep their names, and what the parts tell besides. */
  MetricSnapshots with(MetricSnapshots own) {
    MetricSnapshots.Builder all = MetricSnapshots.builder();
    Set<String> taken = new HashSet<>();
    for (MetricSnapshot one : own) {
      taken.addAll(written(one));
      all.metricSnapshot(one);
    }
    parts.stream()
        .sorted(
            Comparator.comparingLong(
                    (Map.Entry<Map<String, Object>, Measured> part) ->
                        number(part, Constants.SERVICE_BUNDLEID))
                .thenComparingLong(part -> number(part, Constants.SERVICE_ID)))
        .forEach(part -> add(part.getValue(), all, taken));
    return all.build();
  }

  private static long number(Map.Entry<Map<String, Object>, Measured> part, String property) {
    return (long) part.getKey().getOrDefault(property, Long.MAX_VALUE);
  }

  private void add(Measured part, MetricSnapshots.Builder all, Set<String> taken) {
    List<Throwable> problems = new ArrayList<>();
    try {
      Map<String, List<Measurement>> byName = new LinkedHashMap<>();
      part.measurements()
          .forEach(
              one -> byName.computeIfAbsent(escaped(one.name()), n -> new ArrayList<>()).add(one));
      byName.forEach(
          (name, measurements) -> {
            try {
              MetricSnapshot snapshot = snapshot(name, measurements);
              Set<String> written = written(snapshot);
              if (!Collections.disjoint(taken, written)) {
                throw new IllegalArgumentException("another part tells " + name);
              }
              all.metricSnapshot(snapshot);
              taken.addAll(written);
            } catch (RuntimeException e) {
              problems.add(new IllegalArgumentException("'" + name + "' cannot be told", e));
            }
          });
    } catch (Throwable e) { // whatever a plugin throws
      problems.add(e);
    }
    logOnce(part.getClass().getName(), problems);
  }

  /** Once until all is well again, for this is asked every few seconds. */
  private void logOnce(String part, List<Throwable> problems) {
    if (problems.isEmpty()) {
      amiss.remove(part);
    } else if (amiss.add(part)) {
      problems.forEach(problem -> LOG.warn("{} does not tell how it is", part, problem));
    }
  }

  private static String escaped(String name) {
    return PrometheusNaming.escapeName(name, UNDERSCORE_ESCAPING);
  }

  /** The names under which a metric is written: no other may be written under one of them. */
  private static Set<String> written(MetricSnapshot metric) {
    String name = escaped(metric.getMetadata().getName());
    if (metric instanceof CounterSnapshot) {
      String base = name.replaceFirst("_total$", "");
      return Set.of(base, base + "_total");
    }
    if (metric instanceof InfoSnapshot) {
      String base = name.replaceFirst("_info$", "");
      return Set.of(base, base + "_info");
    }
    if (metric instanceof HistogramSnapshot || metric instanceof SummarySnapshot) {
      return Set.of(name, name + "_bucket", name + "_count", name + "_sum");
    }
    return Set.of(name);
  }

  /**
   * The measurements of one name.
   *
   * @param name as it is written
   * @throws IllegalArgumentException when they are of several kinds, or have names or labels that
   *     cannot be
   */
  private static MetricSnapshot snapshot(String name, List<Measurement> measurements) {
    Measurement first = measurements.get(0);
    MetricMetadata metadata = new MetricMetadata(name, first.help());
    if (measurements.stream().anyMatch(one -> one.kind() != first.kind())) {
      throw new IllegalArgumentException("it is a gauge and a counter");
    }
    return first.kind() == Kind.GAUGE
        ? new GaugeSnapshot(
            metadata,
            measurements.stream()
                .map(one -> new GaugeDataPointSnapshot(one.value(), labels(one), null))
                .toList())
        : new CounterSnapshot(
            metadata,
            measurements.stream()
                .map(one -> new CounterDataPointSnapshot(one.value(), labels(one), null, 0))
                .toList());
  }

  private static Labels labels(Measurement measurement) {
    Labels.Builder labels = Labels.builder();
    measurement.labels().forEach((name, value) -> labels.label(escaped(name), value));
    return labels.build();
  }
}
