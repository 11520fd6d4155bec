package spark.jobserver.rest;

import java.util.Map;
import java.util.TreeMap;

/**
 * Gauges and counters in the shape of Dropwizard's metrics, which spark-jobserver has: whoever
 * reads those finds the keys that are always there.
 *
 * @param version of the shape
 * @param gauges by name
 * @param counters by name
 * @param histograms none
 * @param meters none
 * @param timers none
 */
record MetricsReport(
    String version,
    Map<String, Gauge> gauges,
    Map<String, Counter> counters,
    Map<String, Object> histograms,
    Map<String, Object> meters,
    Map<String, Object> timers) {
  private static final String VERSION = "4.0.0";

  /** What is so now. */
  record Gauge(long value) {}

  /** What has happened so often. */
  record Counter(long count) {}

  static MetricsReport of(Map<String, Long> gauges, Map<String, Long> counters) {
    Map<String, Gauge> values = new TreeMap<>();
    gauges.forEach((name, value) -> values.put(name, new Gauge(value)));
    Map<String, Counter> counts = new TreeMap<>();
    counters.forEach((name, count) -> counts.put(name, new Counter(count)));
    return new MetricsReport(VERSION, values, counts, Map.of(), Map.of(), Map.of());
  }
}
