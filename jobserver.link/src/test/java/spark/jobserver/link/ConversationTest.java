package spark.jobserver.link;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.io.IOException;
import java.io.InputStream;
import java.net.InetAddress;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.NoSuchFileException;
import java.nio.file.Path;
import java.security.MessageDigest;
import java.time.Duration;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.HashSet;
import java.util.HexFormat;
import java.util.List;
import java.util.Set;
import java.util.concurrent.BlockingQueue;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.LinkedBlockingQueue;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.TimeoutException;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;
import spark.jobserver.api.Content;
import spark.jobserver.api.Failure;
import spark.jobserver.api.Progress;
import spark.jobserver.link.driver.AcceptedJobs;
import spark.jobserver.link.driver.CommandHandler;
import spark.jobserver.link.driver.DriverEnd;
import spark.jobserver.link.driver.Outbox;
import spark.jobserver.link.server.DriverDesk;
import spark.jobserver.link.server.LinkServer;

/** Both ends, over real connections. */
@Timeout(40)
class ConversationTest {
  private static final Failure NONE = Failure.of("");

  @TempDir Path folder;
  private NotingDesk desk = new NotingDesk();
  private LinkServer server;
  private Cable cable;
  private DriverEnd driver;
  private AcceptedJobs accepted;
  private Handler handler;

  /** A driver that notes what it is told, and runs a job by noting it. */
  private final class Handler implements CommandHandler {
    final BlockingQueue<Command> commands = new LinkedBlockingQueue<>();
    final BlockingQueue<String> ran = new LinkedBlockingQueue<>();
    final CompletableFuture<String> abandoned = new CompletableFuture<>();
    volatile boolean busy;

    @Override
    public void command(Command command) {
      commands.add(command);
      if (command instanceof Command.RunJob run) {
        try {
          if (accepted.accept(run.jobId())) {
            ran.add(run.jobId());
          }
        } catch (IOException e) {
          throw new AssertionError(e);
        }
      }
      if (command instanceof Command.KillJob kill && kill.jobId().equals("poison")) {
        throw new IllegalStateException("a command that fails, as the test wants it");
      }
    }

    @Override
    public Hello hello(String session, long received) {
      return new Hello(
          session, received, Hello.ContextProgress.NONE, "", "", accepted.undelivered());
    }

    @Override
    public Heartbeat heartbeat(String session, long received) {
      return new Heartbeat(session, received, 2, 1);
    }

    @Override
    public boolean busy() {
      return busy;
    }

    @Override
    public void abandoned(String why) {
      abandoned.complete(why);
    }
  }

  @BeforeEach
  void lay() throws IOException {
    Files.createDirectories(folder.resolve("driver"));
    server = serve(desk);
    cable = new Cable(server.url());
  }

  @AfterEach
  void take() throws IOException {
    if (driver != null) {
      driver.close();
      accepted.close();
    }
    cable.close();
    server.close();
  }

  private LinkServer serve(DriverDesk desk) throws IOException {
    return new LinkServer(InetAddress.getLoopbackAddress(), 0, folder.resolve("spool"), desk);
  }

  private void dial(String token, String url, Duration abandonedAfter) throws IOException {
    accepted = new AcceptedJobs(folder.resolve("driver"));
    handler = new Handler();
    driver =
        new DriverEnd(
            new EnrolmentFile(
                "context",
                1,
                token,
                url,
                folder.resolve("link-url").toString(),
                abandonedAfter.toMillis(),
                50),
            folder.resolve("driver"),
            accepted,
            handler);
    driver.start("4.0.5");
  }

  private void dial() throws Exception {
    dial(NotingDesk.TOKEN, cable.url(), Duration.ofMinutes(30));
    NotingDesk.next(desk.hellos);
  }

  private static Command kill(String jobId) {
    return new Command.KillJob(jobId);
  }

  private static Command run(String jobId) {
    return new Command.RunJob(
        jobId, "a.B", new Command.BinaryFile("app", "Egg", 0, "ab".repeat(32), 1), List.of(), "{}");
  }

  private static Event ended(String jobId) {
    return new Event.JobEnded(jobId, Event.Ending.FINISHED, NONE);
  }

  private static Content text(String text) {
    return Content.of(text.getBytes(StandardCharsets.UTF_8));
  }

  @Test
  void carriesEveryCommandInItsOrder() throws Exception {
    dial();
    for (String name : Examples.COMMANDS) {
      desk.log.append(Examples.read(name, Command.class));
    }
    for (String name : Examples.COMMANDS) {
      assertThat(NotingDesk.next(handler.commands)).isEqualTo(Examples.read(name, Command.class));
    }
  }

  @Test
  void carriesEveryEventAndItsAttachment() throws Exception {
    dial();
    for (String name : Examples.EVENTS) {
      Event event = Examples.read(name, Event.class);
      if (event instanceof Event.NamedObjectsListed answer) {
        driver.answer(answer);
      } else {
        driver.tell(event);
      }
      assertThat(NotingDesk.next(desk.events).event()).isEqualTo(event);

      if (!(event instanceof Event.JobProgress || event instanceof Event.NamedObjectsListed)) {
        driver.tell(event, text("[" + name + "]"));
        NotingDesk.Told told = NotingDesk.next(desk.events);
        assertThat(told.event()).isEqualTo(event);
        assertThat(told.bytes()).asString(StandardCharsets.UTF_8).isEqualTo("[" + name + "]");
      }
    }
    assertThat(driver.flush(10_000)).isTrue();
    assertThat(Outbox.read(folder.resolve("driver"))).isEmpty();
  }

  @Test
  void replaysAfterABreakWhatHadNotArrivedAndNothingElse() throws Exception {
    dial();
    desk.log.append(kill("1"));
    assertThat(NotingDesk.next(handler.commands)).isEqualTo(kill("1"));

    cable.cut();
    NotingDesk.next(desk.disconnections);
    desk.log.append(kill("2"));
    desk.log.append(kill("3"));
    cable.plug(server.url());

    assertThat(NotingDesk.next(handler.commands)).isEqualTo(kill("2"));
    assertThat(NotingDesk.next(handler.commands)).isEqualTo(kill("3"));
    Hello hello = NotingDesk.next(desk.hellos);
    assertThat(hello.session()).isEqualTo(desk.log.session());
    assertThat(hello.received()).isEqualTo(1);
    assertThat(handler.commands).isEmpty();
  }

  @Test
  void goesOnAfterACommandThatCannotBeCarriedOut() throws Exception {
    dial();
    desk.log.append(kill("poison"));
    desk.log.append(kill("2"));

    assertThat(NotingDesk.next(handler.commands)).isEqualTo(kill("poison"));
    assertThat(NotingDesk.next(handler.commands)).isEqualTo(kill("2"));
  }

  @Test
  void acknowledgesCommandsAndTellsOfWorkersByHeartbeats() throws Exception {
    dial();
    desk.log.append(kill("1"));
    NotingDesk.next(handler.commands);

    Heartbeat wanted = new Heartbeat(desk.log.session(), 1, 2, 1);
    while (!NotingDesk.next(desk.heartbeats).equals(wanted)) {
      assertThat(driver).isNotNull();
    }
  }

  @Test
  void findsAServerThatWasRestartedAtAnotherPortAndRunsNoJobTwice() throws Exception {
    dial();
    desk.log.append(run("a"));
    assertThat(NotingDesk.next(handler.ran)).isEqualTo("a");

    server.close();
    desk = desk.restarted();
    server = serve(desk);
    desk.log.append(run("a"));
    desk.log.append(run("b"));
    Files.writeString(folder.resolve("link-url"), server.url() + "\n");

    assertThat(NotingDesk.next(desk.hellos).jobs()).containsExactly("a");
    assertThat(NotingDesk.next(handler.ran)).isEqualTo("b");
    assertThat(handler.ran).isEmpty();
    assertThat(handler.commands).containsExactly(run("a"), run("a"), run("b"));
  }

  @Test
  void triesTheFirstAddressWhenTheFilesIsWrong() throws Exception {
    Files.writeString(folder.resolve("link-url"), "http://127.0.0.1:1");
    dial();
  }

  @Test
  void deliversAfterAnOutageWhatWasToldDuringIt() throws Exception {
    dial();
    server.close();
    byte[] large = new byte[3_000_000];
    Arrays.fill(large, (byte) 'x');
    desk.log.append(run("a"));
    driver.tell(ended("a"), text("1"));
    driver.tell(ended("b"), Content.of(large));
    assertThat(driver.flush(100)).isFalse();
    assertThat(Outbox.read(folder.resolve("driver")))
        .extracting(Outbox.Entry::event)
        .containsExactly(ended("a"), ended("b"));

    desk = desk.restarted();
    server = serve(desk);
    cable.plug(server.url());

    assertThat(driver.flush(10_000)).isTrue();
    List<NotingDesk.Told> told = List.copyOf(desk.events);
    assertThat(told)
        .extracting(NotingDesk.Told::event)
        .containsExactlyInAnyOrder(ended("a"), ended("b"));
    for (NotingDesk.Told one : told) {
      assertThat(one.bytes()).hasSize(one.event().equals(ended("a")) ? 1 : large.length);
    }
    assertThat(Outbox.read(folder.resolve("driver"))).isEmpty();
  }

  @Test
  void tellsAgainWhatWasCommittedWhenTheAnswerIsLost() throws Exception {
    dial();
    cable.loseAnswers();
    driver.tell(ended("a"), text("1"));
    assertThat(NotingDesk.next(desk.events).event()).isEqualTo(ended("a"));
    cable.cut();
    assertThat(driver.flush(0)).isFalse();

    cable.plug(server.url());

    assertThat(driver.flush(10_000)).isTrue();
    assertThat(NotingDesk.next(desk.events).event()).isEqualTo(ended("a"));
  }

  @Test
  void tellsTheEndOfTheContextAfterAllElse() throws Exception {
    dial();
    desk.failing(true);
    for (int i = 0; i < 20; i++) {
      driver.tell(ended("job " + i), text("1"));
    }
    driver.tell(new Event.ContextEnded("broken"), text(""));
    desk.failing(false);

    assertThat(driver.flush(10_000)).isTrue();
    List<NotingDesk.Told> told = List.copyOf(desk.events);
    assertThat(told).hasSize(21);
    assertThat(told.get(20).event()).isEqualTo(new Event.ContextEnded("broken"));
  }

  @Test
  void doesNotSayThatAJobStartedOnceItHasSaidThatItEnded() throws Exception {
    dial();
    desk.refusing(Event.JobStarted.class);
    driver.tell(new Event.JobStarted("a"));
    assertThat(NotingDesk.next(desk.refused)).isEqualTo(new Event.JobStarted("a"));

    driver.tell(ended("a"), text("1"));

    assertThat(driver.flush(10_000)).isTrue();
    assertThat(desk.events).extracting(NotingDesk.Told::event).containsExactly(ended("a"));
  }

  @Test
  void dropsProgressWithoutAServerAndTellsTheLatestWhenThereIsOne() throws Exception {
    dial();
    cable.cut();
    driver.tell(progress("a", 1));
    driver.tell(progress("a", 2));
    driver.tell(progress("b", 1));
    driver.tell(ended("b"), text("1"));

    assertThat(Outbox.read(folder.resolve("driver")))
        .extracting(Outbox.Entry::event)
        .containsExactly(ended("b"));

    cable.plug(server.url());

    assertThat(driver.flush(10_000)).isTrue();
    Set<Event> told = new HashSet<>();
    while (told.size() < 2) {
      told.add(NotingDesk.next(desk.events).event());
    }
    assertThat(told).containsExactlyInAnyOrder(ended("b"), progress("a", 2));
  }

  private static Event progress(String jobId, int completed) {
    return new Event.JobProgress(jobId, new Progress(1, 0, 9, completed, 1, 0));
  }

  @Test
  void doesNotWaitForTheDeliveryOfProgress() throws Exception {
    dial();
    desk.failing(true);
    driver.tell(progress("a", 1));

    assertThat(driver.flush(0)).isTrue();
  }

  @Test
  void keepsNoProgress() throws Exception {
    dial();

    assertThatThrownBy(() -> driver.tell(progress("a", 1), text("")))
        .isInstanceOf(IllegalArgumentException.class);
  }

  @Test
  void losesAnAnswerWithoutAServerAndWaitsForNothing() throws Exception {
    dial();
    cable.cut();
    driver.answer(new Event.NamedObjectsListed("lost", List.of()));
    assertThat(driver.flush(0)).isTrue();
    assertThat(Outbox.read(folder.resolve("driver"))).isEmpty();

    cable.plug(server.url());
    NotingDesk.next(desk.hellos);
    driver.answer(new Event.NamedObjectsListed("given", List.of()));

    assertThat(NotingDesk.next(desk.events).event())
        .isEqualTo(new Event.NamedObjectsListed("given", List.of()));
  }

  @Test
  void tellsNoAnswerUntilItIsTaken() throws Exception {
    dial();
    Event answer = new Event.NamedObjectsListed("1", List.of());

    assertThatThrownBy(() -> driver.tell(answer)).isInstanceOf(IllegalArgumentException.class);
    assertThatThrownBy(() -> driver.tell(answer, text("")))
        .isInstanceOf(IllegalArgumentException.class);
  }

  @Test
  void listsAJobUntilItsEndIsCommitted() throws Exception {
    dial();
    desk.log.append(run("a"));
    NotingDesk.next(handler.ran);
    assertThat(accepted.undelivered()).containsExactly("a");

    driver.tell(ended("a"), text("1"));

    assertThat(driver.flush(10_000)).isTrue();
    assertThat(accepted.undelivered()).isEmpty();
  }

  @Test
  void holdsUpNoSmallResultForALargeOne() throws Exception {
    dial();
    byte[] large = new byte[32 * 1024 * 1024];
    driver.tell(ended("large"), Content.of(large));
    driver.tell(ended("small"), text("1"));

    assertThat(NotingDesk.next(desk.events).event()).isEqualTo(ended("small"));
    assertThat(NotingDesk.next(desk.events).bytes()).hasSize(large.length);
  }

  @Test
  void takesAFewMillisecondsForASmallResult() throws Exception {
    dial();
    long[] times = new long[60];
    for (int i = 0; i < times.length; i++) {
      long begun = System.nanoTime();
      driver.tell(ended("job " + i), text("1"));
      NotingDesk.next(desk.events);
      times[i] = System.nanoTime() - begun;
      assertThat(driver.flush(10_000)).isTrue();
    }
    Arrays.sort(times);
    // Nagle's algorithm against delayed acknowledgements would make it 40 ms, as would polling. Not
    // the median, for a busy machine adds to it.
    assertThat(TimeUnit.NANOSECONDS.toMillis(times[times.length / 4])).isLessThan(30);
  }

  @Test
  void endsADriverWhoseTokenIsRefused() throws Exception {
    dial("wrong", cable.url(), Duration.ofMinutes(30));

    assertThat(handler.abandoned.get(10, TimeUnit.SECONDS)).contains("refused the token");
  }

  @Test
  void endsADriverThatIsNoLongerWanted() throws Exception {
    dial();
    desk.over();

    assertThat(handler.abandoned.get(10, TimeUnit.SECONDS)).contains("no longer wanted");
  }

  @Test
  void goesOnLookingForItsServerWhenAnotherAnswers() throws Exception {
    dial();
    server.close();
    try (LinkServer stranger = serve(new NotingDesk())) {
      cable.plug(stranger.url());
      desk = desk.restarted();
      server = serve(desk);
    }
    cable.cut();
    cable.plug(server.url());

    NotingDesk.next(desk.hellos);
    assertThat(handler.abandoned).isNotDone();
  }

  @Test
  void endsADriverThatRunsNothingWhenNoServerWasHeardOfForLong() throws Exception {
    dial(NotingDesk.TOKEN, cable.url(), Duration.ofMillis(100));
    NotingDesk.next(desk.hellos);
    handler.busy = true;
    server.close();
    assertThatThrownBy(() -> handler.abandoned.get(500, TimeUnit.MILLISECONDS))
        .isInstanceOf(TimeoutException.class);

    handler.busy = false;

    assertThat(handler.abandoned.get(10, TimeUnit.SECONDS)).contains("no server was heard of");
  }

  @Test
  void keepsADriverAliveThatHoldsAResult() throws Exception {
    dial(NotingDesk.TOKEN, cable.url(), Duration.ofSeconds(5));
    NotingDesk.next(desk.hellos);
    server.close();
    driver.tell(ended("a"), text("1"));
    assertThatThrownBy(() -> handler.abandoned.get(6, TimeUnit.SECONDS))
        .isInstanceOf(TimeoutException.class);

    desk = desk.restarted();
    server = serve(desk);
    cable.plug(server.url());

    assertThat(NotingDesk.next(desk.events).event()).isEqualTo(ended("a"));
  }

  @Test
  void fetchesBytesWholeAndRight() throws Exception {
    byte[] bytes = new byte[2_000_000];
    bytes[77] = 7;
    String digest = HexFormat.of().formatHex(MessageDigest.getInstance("SHA-256").digest(bytes));
    desk.binaries.put(digest, bytes);
    desk.bundles.put(digest, bytes);
    dial();

    driver.fetchBinary(digest, folder.resolve("binary"));
    driver.fetchBundle(digest, folder.resolve("bundle"));

    assertThat(folder.resolve("binary")).hasBinaryContent(bytes);
    assertThat(folder.resolve("bundle")).hasBinaryContent(bytes);
    Path missing = folder.resolve("missing");
    assertThatThrownBy(() -> driver.fetchBinary("cd".repeat(32), missing))
        .isInstanceOf(NoSuchFileException.class);
    assertThat(missing).doesNotExist();
  }

  @Test
  void waitsForAServerThatIsRestartedBeforeItFetches() throws Exception {
    byte[] bytes = {1, 2, 3};
    String digest = HexFormat.of().formatHex(MessageDigest.getInstance("SHA-256").digest(bytes));
    dial();
    server.close();
    CompletableFuture<Void> fetched =
        CompletableFuture.runAsync(
            () -> {
              try {
                driver.fetchBinary(digest, folder.resolve("binary"));
              } catch (IOException e) {
                throw new AssertionError(e);
              }
            });

    desk = desk.restarted();
    desk.binaries.put(digest, bytes);
    server = serve(desk);
    cable.plug(server.url());

    fetched.get(10, TimeUnit.SECONDS);
    assertThat(folder.resolve("binary")).hasBinaryContent(bytes);
  }

  @Test
  void saysWhenALargeResultCannotBeKept() throws Exception {
    dial();
    Content broken =
        new Content() {
          @Override
          public long size() {
            return 10_000_000;
          }

          @Override
          public InputStream open() throws IOException {
            throw new IOException("no space");
          }
        };

    assertThatThrownBy(() -> driver.tell(ended("a"), broken)).hasMessageContaining("no space");
    assertThat(driver.flush(0)).isTrue();
  }

  @Test
  void leavesNoThreadBehind() throws Exception {
    dial();
    driver.tell(ended("a"), text("1"));
    assertThat(driver.flush(10_000)).isTrue();
    List<Thread> threads = new ArrayList<>();
    Thread.getAllStackTraces().keySet().stream()
        .filter(thread -> thread.getName().startsWith("link-"))
        .forEach(threads::add);

    driver.close();
    server.close();

    for (Thread thread : threads) {
      thread.join(5000);
      assertThat(thread.isAlive()).as(thread.getName()).isFalse();
    }
  }
}
