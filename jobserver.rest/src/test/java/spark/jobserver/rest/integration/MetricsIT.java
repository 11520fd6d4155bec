package spark.jobserver.rest.integration;

import static org.assertj.core.api.Assertions.assertThat;

import com.fasterxml.jackson.databind.JsonNode;
import java.util.Map;
import java.util.concurrent.CompletableFuture;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;
import org.osgi.framework.ServiceRegistration;
import spark.jobserver.api.server.Counters;

class MetricsIT extends RunningServer {
  private JsonNode metrics() {
    Reply reply = server.get("/metricz");
    assertThat(reply.status()).isEqualTo(200);
    assertThat(reply.header("Content-Type")).isEqualTo("application/json");
    return reply.json();
  }

  @Test
  void metricsHaveTheShapeThatReadersOfDropwizardKnow() {
    assertThat(metrics().properties())
        .extracting(Map.Entry::getKey)
        .containsExactly("version", "gauges", "counters", "histograms", "meters", "timers");
  }

  @ParameterizedTest
  @ValueSource(
      strings = {
        "jvm.memory.heap.used",
        "jvm.memory.heap.committed",
        "jvm.memory.heap.max",
        "jvm.memory.non-heap.used",
        "jvm.threads.count",
        "jvm.threads.peak.count",
        "jvm.uptime",
        "jvm.files.open",
        "jvm.classes.loaded",
        "rest.threads.max"
      })
  void theVirtualMachineIsGauged(String name) {
    assertThat(metrics().get("gauges").get(name).get("value").longValue()).isPositive();
  }

  @Test
  void everyGarbageCollectorIsGauged() {
    assertThat(metrics().get("gauges").properties())
        .extracting(Map.Entry::getKey)
        .anyMatch(name -> name.matches("jvm\\.gc\\.[A-Za-z0-9-]+\\.count"))
        .anyMatch(name -> name.matches("jvm\\.gc\\.[A-Za-z0-9-]+\\.time"));
  }

  @Test
  void answersAreCountedByTheClassOfTheirStatus() {
    for (Map.Entry<String, String> request :
        Map.of("2xx", "GET /binaries", "4xx", "GET /nothing", "5xx", "PUT /data?reset=x")
            .entrySet()) {
      long before = count("rest.answers." + request.getKey());
      server.send(request.getValue(), "");
      server.send(request.getValue(), "");
      assertThat(count("rest.answers." + request.getKey()) - before).isGreaterThanOrEqualTo(2);
    }
  }

  private long count(String name) {
    return metrics().get("counters").get(name).get("count").longValue();
  }

  @Test
  void theCoreCountsToo() {
    assertThat(metrics().get("counters").has("jobs.submitted")).isFalse();
    ServiceRegistration<Counters> counters =
        server.provide(Counters.class, () -> Map.of("jobs.submitted", 7L));
    assertThat(count("jobs.submitted")).isEqualTo(7);
    counters.unregister();
    assertThat(metrics().get("counters").has("jobs.submitted")).isFalse();
  }

  @Test
  void requestsThatAreWorkedOnAreGauged() throws Exception {
    jobs.listing = new CompletableFuture<>();
    CompletableFuture<Reply> waiting = later(() -> server.get("/jobs"));
    Server.until(
        () ->
            metrics().get("gauges").get("rest.threads.active").get("value").longValue() > 0
                && metrics().get("gauges").get("rest.requests.open").get("value").longValue() > 0);
    jobs.listing.complete(null);
    assertThat(waiting.join().status()).isEqualTo(200);
  }
}
