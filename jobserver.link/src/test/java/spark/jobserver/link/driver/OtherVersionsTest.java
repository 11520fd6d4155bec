package spark.jobserver.link.driver;

import static org.assertj.core.api.Assertions.assertThat;

import com.sun.net.httpserver.HttpExchange;
import com.sun.net.httpserver.HttpServer;
import java.io.IOException;
import java.io.OutputStream;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.util.List;
import java.util.concurrent.BlockingQueue;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.LinkedBlockingQueue;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;
import spark.jobserver.api.Content;
import spark.jobserver.api.Failure;
import spark.jobserver.api.Progress;
import spark.jobserver.link.Command;
import spark.jobserver.link.EnrolmentFile;
import spark.jobserver.link.Event;
import spark.jobserver.link.NotingDesk;
import spark.jobserver.link.Wire;

/** A driver and a server written by hand, which does what servers of other versions do. */
@Timeout(30)
class OtherVersionsTest {
  private static final String END = "end of the stream";

  @TempDir Path folder;
  private final NotingHandler handler = new NotingHandler();
  private final BlockingQueue<String> hellos = new LinkedBlockingQueue<>();
  private final BlockingQueue<String> heartbeats = new LinkedBlockingQueue<>();
  private final BlockingQueue<Event> events = new LinkedBlockingQueue<>();
  private final BlockingQueue<String> stream = new LinkedBlockingQueue<>();
  private final CountDownLatch answered = new CountDownLatch(1);
  private final ExecutorService threads = Executors.newCachedThreadPool();
  private HttpServer server;
  private AcceptedJobs accepted;
  private DriverEnd driver;
  private volatile int statusOfProgress = 204;
  private volatile int statusOfAnswer = 204;
  private volatile boolean silentAboutProgress;

  @BeforeEach
  void dial() throws Exception {
    server = HttpServer.create(new InetSocketAddress(InetAddress.getLoopbackAddress(), 0), 0);
    server.setExecutor(threads);
    server.createContext(Wire.ROOT + "enrol", exchange -> answer(exchange, 204));
    server.createContext(Wire.ROOT + "heartbeat", this::heartbeat);
    server.createContext(Wire.ROOT + "events", this::event);
    server.createContext(Wire.ROOT + "commands", this::commands);
    server.start();
    accepted = new AcceptedJobs(folder);
    String url = "http://127.0.0.1:" + server.getAddress().getPort();
    driver =
        new DriverEnd(
            new EnrolmentFile("context", 1, NotingDesk.TOKEN, url, "", 1_800_000, 50),
            folder,
            accepted,
            handler);
    driver.start("4.0.5");
    NotingDesk.next(hellos);
    // Once it has this, it has told all that there is to tell as it dials in.
    stream.add(
        "{\"session\":\"first\",\"number\":1,\"command\":{\"type\":\"kill-job\",\"jobId\":\"none\"}}");
    NotingDesk.next(handler.commands);
  }

  @AfterEach
  void hangUp() throws IOException {
    answered.countDown();
    stream.add(END);
    driver.close();
    accepted.close();
    server.stop(0);
    threads.shutdownNow();
  }

  private static void answer(HttpExchange exchange, int status) throws IOException {
    try (exchange) {
      exchange.getRequestBody().readAllBytes();
      exchange.sendResponseHeaders(status, -1);
    }
  }

  private void heartbeat(HttpExchange exchange) throws IOException {
    heartbeats.add("alive");
    answer(exchange, 204);
  }

  private void commands(HttpExchange exchange) throws IOException {
    hellos.add("hello");
    exchange.getRequestBody().readAllBytes();
    exchange.sendResponseHeaders(200, 0);
    try (exchange;
        OutputStream out = exchange.getResponseBody()) {
      out.write('\n');
      out.flush();
      for (String line = stream.take(); !line.equals(END); line = stream.take()) {
        out.write((line + "\n").getBytes(StandardCharsets.UTF_8));
        out.flush();
      }
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
    }
  }

  private void event(HttpExchange exchange) throws IOException {
    Event event = Wire.readLine(exchange.getRequestBody(), Event.class);
    events.add(event);
    if (event instanceof Event.JobProgress && silentAboutProgress) {
      try {
        answered.await();
      } catch (InterruptedException e) {
        Thread.currentThread().interrupt();
      }
    }
    answer(exchange, status(event));
  }

  private int status(Event event) {
    if (event instanceof Event.JobProgress) {
      return statusOfProgress;
    }
    return event instanceof Event.NamedObjectsListed ? statusOfAnswer : 204;
  }

  private static Event progress(String jobId, int completed) {
    return new Event.JobProgress(jobId, new Progress(1, 0, 30, completed, 1, 0));
  }

  private void redial() throws InterruptedException {
    stream.add(END);
    NotingDesk.next(hellos);
  }

  @Test
  void leavesACommandAloneOfAKindThatItDoesNotKnow() throws Exception {
    stream.add("{\"session\":\"s\",\"number\":1,\"command\":{\"type\":\"dance\",\"to\":[1]}}");
    stream.add(
        "{\"session\":\"s\",\"number\":2,\"command\":{\"type\":\"kill-job\",\"jobId\":\"a\"}}");

    assertThat(NotingDesk.next(handler.commands)).isEqualTo(new Command.KillJob("a"));
    assertThat(hellos).isEmpty();
  }

  @Test
  void tellsNoProgressToAServerThatDoesNotKnowIt() throws Exception {
    statusOfProgress = 400;
    driver.tell(progress("a", 1));
    assertThat(NotingDesk.next(events)).isEqualTo(progress("a", 1));

    int told = 1;
    do { // until the driver has heard the answer
      driver.tell(progress("a", ++told));
    } while (events.poll(100, TimeUnit.MILLISECONDS) != null);
    for (int i = 0; i < 20; i++) {
      driver.tell(progress("a", ++told));
      assertThat(events.poll(20, TimeUnit.MILLISECONDS)).isNull();
    }
    statusOfProgress = 204; // it was updated
    redial();

    assertThat(NotingDesk.next(events)).isEqualTo(progress("a", told));
    driver.tell(progress("a", told + 1));
    assertThat(NotingDesk.next(events)).isEqualTo(progress("a", told + 1));
  }

  @Test
  void givesAnAnswerOnceToAServerThatDoesNotKnowIt() throws Exception {
    statusOfAnswer = 400;
    Event.NamedObjectsListed answer = new Event.NamedObjectsListed("1", List.of());

    driver.answer(answer);

    assertThat(NotingDesk.next(events)).isEqualTo(answer);
    redial();
    Event ended = new Event.JobEnded("b", Event.Ending.FINISHED, Failure.of(""));
    driver.tell(ended, Content.of(new byte[] {'1'}));
    assertThat(NotingDesk.next(events)).isEqualTo(ended);
  }

  @Test
  void keepsOnlyTheLatestProgressWhileTheServerIsSlowAndHoldsUpNothingElse() throws Exception {
    silentAboutProgress = true;
    driver.tell(progress("a", 1));
    assertThat(NotingDesk.next(events)).isEqualTo(progress("a", 1));

    for (int i = 2; i <= 9; i++) {
      driver.tell(progress("a", i));
    }
    driver.tell(progress("b", 1));
    driver.tell(progress("c", 1));
    Event ended = new Event.JobEnded("b", Event.Ending.FINISHED, Failure.of(""));
    driver.tell(ended, Content.of(new byte[] {'1'}));
    assertThat(NotingDesk.next(events)).isEqualTo(ended);
    heartbeats.clear();
    NotingDesk.next(heartbeats);
    answered.countDown();

    assertThat(NotingDesk.next(events)).isEqualTo(progress("a", 9));
    assertThat(NotingDesk.next(events)).isEqualTo(progress("c", 1));
    assertThat(events.poll(100, TimeUnit.MILLISECONDS)).isNull();
  }
}
