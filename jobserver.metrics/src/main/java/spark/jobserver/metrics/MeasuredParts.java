package spark.jobserver.metrics;

import io.prometheus.metrics.model.registry.MultiCollector;
import io.prometheus.metrics.model.snapshots.CounterSnapshot;
import io.prometheus.metrics.model.snapshots.CounterSnapshot.CounterDataPointSnapshot;
import io.prometheus.metrics.model.snapshots.GaugeSnapshot;
import io.prometheus.metrics.model.snapshots.GaugeSnapshot.GaugeDataPointSnapshot;
import io.prometheus.metrics.model.snapshots.Labels;
import io.prometheus.metrics.model.snapshots.MetricMetadata;
import io.prometheus.metrics.model.snapshots.MetricSnapshot;
import io.prometheus.metrics.model.snapshots.MetricSnapshots;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import org.osgi.service.component.annotations.Component;
import org.osgi.service.component.annotations.Reference;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;
import spark.jobserver.api.server.Measured;
import spark.jobserver.api.server.Measurement;
import spark.jobserver.api.server.Measurement.Kind;

/**
 * What the parts of the server tell, plugins too, as they come and go. One that fails, or tells
 * what nobody could read, keeps nobody from reading the others.
 */
@Component(service = MeasuredParts.class)
public final class MeasuredParts implements MultiCollector {
  private static final Logger LOG = LoggerFactory.getLogger(MeasuredParts.class);

  @Reference volatile List<Measured> parts = List.of();

  @Override
  public MetricSnapshots collect() {
    Map<String, List<Measurement>> byName = new LinkedHashMap<>();
    for (Measured part : parts) {
      try {
        part.measurements()
            .forEach(one -> byName.computeIfAbsent(one.name(), n -> new ArrayList<>()).add(one));
      } catch (RuntimeException | LinkageError e) {
        LOG.warn("{} does not tell how it is", part.getClass().getName(), e);
      }
    }
    MetricSnapshots.Builder snapshots = MetricSnapshots.builder();
    byName.forEach((name, measurements) -> add(snapshots, name, measurements));
    return snapshots.build();
  }

  private static void add(
      MetricSnapshots.Builder snapshots, String name, List<Measurement> measurements) {
    try {
      snapshots.metricSnapshot(snapshot(measurements));
    } catch (IllegalArgumentException e) {
      LOG.warn("{} cannot be told", name, e);
    }
  }

  /**
   * The measurements of one name.
   *
   * @throws IllegalArgumentException when they are of several kinds, or have names or labels that
   *     cannot be
   */
  private static MetricSnapshot snapshot(List<Measurement> measurements) {
    Measurement first = measurements.get(0);
    MetricMetadata metadata = new MetricMetadata(first.name(), first.help());
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
    measurement.labels().forEach(labels::label);
    return labels.build();
  }
}
