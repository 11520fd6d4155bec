package spark.jobserver.metrics;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.time.Duration;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import org.junit.jupiter.api.Test;
import org.osgi.framework.Version;
import spark.jobserver.api.JobState;
import spark.jobserver.api.server.JobObserver.Times;
import spark.jobserver.api.server.Measured;
import spark.jobserver.api.server.Measurement;
import spark.jobserver.api.server.RequestObserver.AnsweredRequest;

class ServerMetricsTest {
  private final MeasuredParts parts = new MeasuredParts();
  private final ServerMetrics metrics = new ServerMetrics(new Version(1, 2, 3, "x"), parts);

  private List<String> lines() {
    try {
      ByteArrayOutputStream text = new ByteArrayOutputStream();
      metrics.write(text);
      return text.toString(StandardCharsets.UTF_8).lines().toList();
    } catch (IOException e) {
      throw new AssertionError(e);
    }
  }

  private static AnsweredRequest request(
      String method, Optional<String> route, boolean refused, int status) {
    return new AnsweredRequest(method, route, refused, status, Duration.ofMillis(30));
  }

  @Test
  void aRequestIsCountedByRouteAndMethodAndClassOfStatus() {
    metrics.answered(request("GET", Optional.of("/jobs/{jobId}"), false, 404));

    String labels = "{method=\"GET\",route=\"/jobs/{jobId}\",status=\"4xx\"";
    assertThat(lines())
        .contains(
            "jobserver_http_request_duration_seconds_bucket" + labels + ",le=\"0.025\"} 0",
            "jobserver_http_request_duration_seconds_bucket" + labels + ",le=\"0.1\"} 1",
            "jobserver_http_request_duration_seconds_sum" + labels + "} 0.03");
  }

  @Test
  void nothingThatACallerChoosesMakesANewSeries() {
    metrics.answered(request("M0", Optional.empty(), false, 404));
    metrics.answered(request("GET", Optional.empty(), true, 401));
    int before = lines().size();
    for (int i = 1; i < 10_000; i++) {
      metrics.answered(request("M" + i, Optional.empty(), false, 400 + i % 100));
      metrics.answered(request("GET", Optional.empty(), true, 401));
    }
    assertThat(lines()).hasSize(before);
  }

  @Test
  void aJobIsCountedByItsStateAndByThePhasesThatAreKnown() {
    metrics.ended(
        JobState.FINISHED,
        new Times(
            Optional.of(Duration.ofMillis(10)),
            Optional.of(Duration.ofMillis(2)),
            Optional.of(Duration.ofMillis(5))));
    metrics.ended(
        JobState.ERROR,
        new Times(Optional.of(Duration.ofMillis(4)), Optional.empty(), Optional.empty()));
    metrics.ended(JobState.KILLED, Times.UNKNOWN);

    assertThat(lines())
        .contains(
            "jobserver_job_duration_seconds_sum{state=\"finished\"} 0.01",
            "jobserver_job_duration_seconds_sum{state=\"error\"} 0.004",
            "jobserver_job_phase_seconds_sum{phase=\"preparing\"} 0.002",
            "jobserver_job_phase_seconds_sum{phase=\"running\"} 0.005",
            "jobserver_job_phase_seconds_sum{phase=\"delivering\"} 0.003",
            "jobserver_job_phase_seconds_count{phase=\"running\"} 1")
        .noneMatch(line -> line.contains("killed"));
  }

  /** Each of a bundle of its own, the first of that which was installed first. */
  private void tell(Measured... measured) {
    List<Map.Entry<Map<String, Object>, Measured>> all = new ArrayList<>();
    for (Measured part : measured) {
      // As Declarative Services gives them: what came last is first.
      all.add(0, Map.entry(Map.of("service.bundleid", (long) all.size()), part));
    }
    parts.parts = all;
  }

  private static Measured gauge(String name, long value) {
    return () -> List.of(Measurement.gauge(name, "x", Map.of(), value));
  }

  private static Measured counter(String name, long value) {
    return () -> List.of(Measurement.counter(name, "x", Map.of(), value));
  }

  @Test
  void whatPartsTellIsGatheredByName() {
    tell(
        () ->
            List.of(
                Measurement.gauge("rooms", "Rooms", Map.of("state", "free"), 3),
                Measurement.counter("guests", "Guests", Map.of(), 5),
                Measurement.gauge("rooms", "Rooms", Map.of("state", "taken"), 4)));

    assertThat(lines())
        .contains(
            "# TYPE rooms gauge",
            "rooms{state=\"free\"} 3.0",
            "rooms{state=\"taken\"} 4.0",
            "# TYPE guests_total counter",
            "guests_total 5.0");
  }

  @Test
  void aPartThatFailsOrTellsNonsenseHidesNoOther() {
    Measured failing =
        () -> {
          throw new IllegalStateException("no");
        };
    Measured broken =
        () -> {
          throw new AssertionError("no");
        };
    tell(
        failing,
        broken,
        () -> null,
        () -> Arrays.asList((Measurement) null),
        gauge(null, 1),
        gauge("", 1),
        () -> List.of(Measurement.gauge("labelled", "x", Map.of("", "y"), 1)),
        () -> List.of(Measurement.gauge("labelled", "x", Map.of("\u00e4", "y", "\u00f6", "y"), 1)),
        () ->
            List.of(
                Measurement.gauge("both", "x", Map.of(), 1),
                Measurement.counter("both", "x", Map.of(), 1)),
        () ->
            List.of(
                Measurement.gauge("twice", "x", Map.of(), 1),
                Measurement.gauge("twice", "x", Map.of(), 2)),
        counter("less_than_nothing", -1),
        () ->
            List.of(
                Measurement.gauge("", "x", Map.of(), 1),
                Measurement.gauge("rooms", "x", Map.of(), 3)));

    assertThat(lines())
        .contains("rooms 3.0")
        .noneMatch(line -> line.matches("(labelled|both|twice|less).*"));
  }

  @Test
  void aNameIsThatOfTheServerOrElseOfThePartThatWasThereFirst() {
    metrics.ended(
        JobState.FINISHED,
        new Times(Optional.of(Duration.ofMillis(10)), Optional.empty(), Optional.empty()));
    tell(
        gauge("jobserver_jobs", 1),
        gauge("a.b", 2),
        counter("c", 3),
        gauge("jobserver_jobs", 100),
        gauge("a_b", 101),
        counter("a_b", 102),
        counter("a-b", 103),
        gauge("c", 104),
        gauge("c_total", 105),
        counter("c_total", 106),
        counter("jvm_threads_current", 107),
        gauge("jobserver_job_duration_seconds", 108),
        gauge("jobserver_job_duration_seconds_count", 109),
        gauge("jvm_gc_collection_seconds_sum", 110),
        gauge("jobserver_info", 111),
        gauge("process_cpu_seconds_total", 112),
        gauge("d_total", 5),
        counter("d", 113),
        gauge("last", 4));

    List<String> lines = lines();
    assertThat(lines)
        .contains("jobserver_jobs 1.0", "a_b 2.0", "c_total 3.0", "d_total 5.0", "last 4.0");
    assertThat(lines)
        .filteredOn(line -> !line.startsWith("#"))
        .noneMatch(line -> line.matches("\\S+ 1[01][0-9]\\.0"))
        .extracting(line -> line.substring(0, line.lastIndexOf(' ')))
        .doesNotHaveDuplicates();
    assertThat(lines)
        .filteredOn(line -> line.startsWith("# TYPE"))
        .extracting(line -> line.replaceFirst("# TYPE (\\S+) .*", "$1"))
        .doesNotHaveDuplicates();
  }

  @Test
  void theVersionIsToldAndTheJvm() {
    assertThat(lines())
        .contains("jobserver_info{version=\"1.2.3\"} 1")
        .anyMatch(line -> line.startsWith("jvm_memory_used_bytes{area=\"heap\"}"))
        .anyMatch(line -> line.startsWith("jvm_threads_current"))
        .anyMatch(line -> line.startsWith("process_open_fds"))
        .anyMatch(line -> line.startsWith("jvm_gc_collection_seconds_count"));
  }
}
