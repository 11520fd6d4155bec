package spark.jobserver.rest.integration;

import static org.assertj.core.api.Assertions.assertThat;

import com.fasterxml.jackson.databind.JsonNode;
import java.io.BufferedReader;
import java.io.IOException;
import java.io.InputStream;
import java.io.InputStreamReader;
import java.io.UncheckedIOException;
import java.net.http.HttpClient;
import java.net.http.HttpRequest;
import java.net.http.HttpResponse;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;
import spark.jobserver.api.JobState;
import spark.jobserver.api.Progress;
import spark.jobserver.rest.FakeJobs;

/** What happens to a job, as it happens. */
class JobEventsIT extends RunningServer {
  private static final HttpClient CLIENT = HttpClient.newHttpClient();
  private static final int STREAMS = 3;

  JobEventsIT() {
    super(60_000, Map.of("max-event-streams", String.valueOf(STREAMS)));
  }

  /** Clients that have left are only noticed when something is written to them. */
  @AfterEach
  void endStreams() {
    List.copyOf(jobs.ends.keySet()).forEach(id -> jobs.end(id, JobState.KILLED));
    Server.until(
        () -> {
          Reply metrics = server.get("/metricz");
          if (metrics.status() != 200) {
            return false; // REST was just stopped, and is coming back
          }
          JsonNode gauges = metrics.json().get("gauges");
          return gauges.get("rest.event-streams.open").get("value").intValue() == 0;
        });
  }

  private void runs() {
    jobs.with(FakeJobs.started("j-1").in(JobState.RUNNING));
  }

  /** A client that listens. */
  private Listener listen(String... headers) throws Exception {
    HttpRequest.Builder request =
        HttpRequest.newBuilder(server.uri("/jobs/j-1/events")).timeout(Duration.ofSeconds(30));
    if (headers.length > 0) {
      request.headers(headers);
    }
    return new Listener(CLIENT.send(request.build(), HttpResponse.BodyHandlers.ofInputStream()));
  }

  /** Reads the events of an answer. */
  private static final class Listener implements AutoCloseable {
    private final HttpResponse<InputStream> answer;
    private final BufferedReader lines;

    Listener(HttpResponse<InputStream> answer) {
      this.answer = answer;
      this.lines = new BufferedReader(new InputStreamReader(answer.body(), StandardCharsets.UTF_8));
    }

    /** The lines of the next event, joined; empty at the end. */
    String next() {
      try {
        List<String> event = new ArrayList<>();
        for (String line = lines.readLine(); line != null; line = lines.readLine()) {
          if (!line.isEmpty()) {
            event.add(line);
          } else if (!event.get(0).startsWith("retry:") && !event.get(0).equals(":")) {
            return String.join("|", event);
          } else {
            event.clear();
          }
        }
        return String.join("|", event);
      } catch (IOException e) {
        throw new UncheckedIOException(e);
      }
    }

    @Override
    public void close() throws IOException {
      lines.close();
    }
  }

  @Test
  void aStreamTellsStateProgressAndLogAndEndsWithTheJob(@TempDir Path folder) throws Exception {
    runs();
    try (Listener listener = listen()) {
      assertThat(listener.answer.statusCode()).isEqualTo(200);
      assertThat(listener.answer.headers().firstValue("Content-Type"))
          .contains("text/event-stream");
      assertThat(listener.answer.headers().firstValue("Cache-Control")).contains("no-store");
      assertThat(listener.next())
          .startsWith("event: state|id: RUNNING-0|data: {\"jobId\":\"j-1\",")
          .contains("\"status\":\"RUNNING\"");
      jobs.progress.put("j-1", new Progress(1, 0, 4, 1, 2, 0));
      assertThat(listener.next())
          .isEqualTo(
              "event: progress|id: RUNNING-0|data: {\"stages\":1,\"completedStages\":0,\"tasks\":4,"
                  + "\"completedTasks\":1,\"activeTasks\":2,\"failedTasks\":0}");
      Path log = Files.writeString(folder.resolve("log"), "one\n  two  \nthr");
      jobs.logs.put("j-1", log);
      assertThat(listener.next()).isEqualTo("event: log|id: RUNNING-12|data: one|data:   two  ");
      Files.writeString(log, "ee", StandardOpenOption.APPEND);
      jobs.end("j-1", JobState.KILLED);
      assertThat(listener.next()).isEqualTo("event: log|id: RUNNING-17|data: three");
      assertThat(listener.next())
          .startsWith("event: state|id: KILLED-17|data: ")
          .contains("\"status\":\"KILLED\",\"result\":{\"message\":\"no\"");
      assertThat(listener.next()).isEmpty();
    }
  }

  @Test
  void aClientThatComesBackGoesOnWhereItWas(@TempDir Path folder) throws Exception {
    runs();
    jobs.logs.put("j-1", Files.writeString(folder.resolve("log"), "one\ntwo\n"));
    try (Listener listener = listen("Last-Event-ID", "RUNNING-4")) {
      assertThat(listener.next()).isEqualTo("event: log|id: RUNNING-8|data: two");
      jobs.end("j-1", JobState.FINISHED);
      assertThat(listener.next()).startsWith("event: state|id: FINISHED-8|");
      assertThat(listener.next()).isEmpty();
    }
  }

  @Test
  void theZerosInTheMiddleOfALogAreNotTold(@TempDir Path folder) throws Exception {
    runs();
    String zeros = "\0".repeat(200_000);
    jobs.logs.put(
        "j-1", Files.writeString(folder.resolve("log"), "one\n" + zeros + "two\nthree\n"));
    try (Listener listener = listen("Last-Event-ID", "RUNNING-0")) {
      assertThat(listener.next()).isEqualTo("event: log|id: RUNNING-4|data: one");
      assertThat(listener.next()).isEqualTo("event: log|id: RUNNING-200014|data: two|data: three");
      jobs.end("j-1", JobState.FINISHED);
      assertThat(listener.next()).startsWith("event: state|id: FINISHED-200014|");
    }
  }

  @Test
  void aClientThatComesBackHearsSomethingAtOnce() throws Exception {
    runs();
    try (Listener listener = listen("Last-Event-ID", "RUNNING-0")) {
      assertThat(listener.lines.readLine()).isEqualTo("retry: 2000");
    }
  }

  @Test
  void aClientThatHasHeardTheEndNeedNotComeBack() throws Exception {
    jobs.with(FakeJobs.ended("j-1", JobState.FINISHED));
    Reply reply = server.send("GET /jobs/j-1/events", "Last-Event-ID: FINISHED-0\n", "");
    assertThat(reply.status()).isEqualTo(204);
  }

  @ParameterizedTest
  @ValueSource(
      strings = {"x", "RUNNING", "RUNNING--1", "DREAMING-4", "RUNNING-9999999999999999999"})
  void anIdThatIsNoneOfOursIsTheBeginning(String id) throws Exception {
    runs();
    try (Listener listener = listen("Last-Event-ID", id)) {
      assertThat(listener.next()).startsWith("event: state|id: RUNNING-0|");
    }
  }

  @Test
  void theEventsOfAJobThatHasEndedAreItsLogAndItsEnd(@TempDir Path folder) throws Exception {
    jobs.with(FakeJobs.ended("j-1", JobState.ERROR));
    jobs.logs.put("j-1", Files.writeString(folder.resolve("log"), "one"));
    try (Listener listener = listen()) {
      assertThat(listener.next()).isEqualTo("event: log|id: RUNNING-3|data: one");
      assertThat(listener.next()).startsWith("event: state|id: ERROR-3|");
      assertThat(listener.next()).isEmpty();
    }
  }

  @Test
  void aLongLineIsCutBetweenItsCharacters(@TempDir Path folder) throws Exception {
    jobs.with(FakeJobs.ended("j-1", JobState.ERROR));
    String line = "x" + "€".repeat(30_000);
    jobs.logs.put("j-1", Files.writeString(folder.resolve("log"), line));
    try (Listener listener = listen()) {
      StringBuilder all = new StringBuilder();
      for (String event = listener.next();
          event.startsWith("event: log|");
          event = listener.next()) {
        all.append(event, event.indexOf("data: ") + 6, event.length());
      }
      assertThat(all.toString()).isEqualTo(line);
    }
  }

  @Test
  void aJobThatIsNotThereHasNoEvents() {
    server
        .get("/jobs/none/events")
        .isJson(404, "{'status': 'ERROR', 'result': 'No such job ID none'}");
  }

  @Test
  void aStreamTooManyIsRefusedAndRoomIsMadeAgain() throws Exception {
    runs();
    List<Listener> listeners = new ArrayList<>();
    for (int i = 0; i < STREAMS; i++) {
      listeners.add(listen());
    }
    Reply reply = server.get("/jobs/j-1/events");
    assertThat(reply.status()).isEqualTo(503);
    assertThat(reply.header("Retry-After")).matches("[1-9][0-9]*");
    assertThat(reply.json().get("result").textValue()).contains("GET /jobs/j-1?wait=30");
    assertThat(server.get("/jobs/j-1").status()).isEqualTo(200);
    jobs.end("j-1", JobState.KILLED);
    for (Listener listener : listeners) {
      while (!listener.next().isEmpty()) {
        // It is read to its end.
      }
    }
    runs();
    try (Listener listener = listen()) {
      assertThat(listener.answer.statusCode()).isEqualTo(200);
    }
  }

  @Test
  void clientsThatGoAwayMakeRoom() throws Exception {
    runs();
    for (int i = 0; i < STREAMS; i++) {
      listen().close();
    }
    Server.until(
        () -> {
          try (Listener listener = listen()) {
            return listener.answer.statusCode() == 200;
          } catch (Exception e) {
            throw new AssertionError(e);
          }
        });
  }

  @Test
  void askingForTheHeadOfAStreamOpensNone() throws Exception {
    runs();
    for (int i = 0; i < 2 * STREAMS; i++) {
      Reply reply = server.sendForHead("HEAD /jobs/j-1/events", "");
      assertThat(reply.status()).isEqualTo(200);
      assertThat(reply.header("Content-Type")).isEqualTo("text/event-stream");
    }
    try (Listener listener = listen()) {
      assertThat(listener.answer.statusCode()).isEqualTo(200);
    }
  }

  @Test
  void aStreamEndsWhenTheCoreGoesAway() throws Exception {
    runs();
    try (Listener listener = listen()) {
      assertThat(listener.next()).startsWith("event: state|");
      withdraw();
      assertThat(listener.next()).isEmpty();
    }
  }

  @Test
  void aStreamEndsWhenTheServerStops() throws Exception {
    runs();
    try (Listener listener = listen()) {
      assertThat(listener.next()).startsWith("event: state|");
      server.configure("spark.jobserver.rest", Map.of("max-event-streams", "2"));
      assertThat(listener.next()).isEmpty();
    } finally {
      server.configure(
          "spark.jobserver.rest", Map.of("max-event-streams", String.valueOf(STREAMS)));
      Server.until(() -> server.get("/jobs/j-1").status() == 200);
    }
  }
}
