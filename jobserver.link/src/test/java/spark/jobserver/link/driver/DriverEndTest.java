package spark.jobserver.link.driver;

import static org.assertj.core.api.Assertions.assertThat;

import java.net.InetAddress;
import java.nio.file.Path;
import java.time.Duration;
import java.util.List;
import java.util.Optional;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;
import spark.jobserver.link.Cable;
import spark.jobserver.link.Command;
import spark.jobserver.link.EnrolmentFile;
import spark.jobserver.link.NotingDesk;
import spark.jobserver.link.Trust;
import spark.jobserver.link.server.LinkServer;
import spark.jobserver.link.server.LinkTls;
import spark.jobserver.link.server.OwnCertificate;

@Timeout(30)
class DriverEndTest {
  @TempDir Path folder;

  @ParameterizedTest
  @ValueSource(booleans = {false, true})
  void dialsAgainWhenTheConnectionHasDiedWithoutAWord(boolean secure) throws Exception {
    Optional<LinkTls> tls =
        secure
            ? Optional.of(LinkTls.pinned(OwnCertificate.in(folder.resolve("tls"))))
            : Optional.empty();
    Trust trust = tls.map(LinkTls::trust).orElse(Trust.NONE);
    NotingDesk desk = new NotingDesk();
    NotingHandler handler = new NotingHandler();
    try (LinkServer server =
            new LinkServer(
                InetAddress.getLoopbackAddress(), 0, tls, folder.resolve("spool"), desk);
        Cable cable = new Cable(server.url());
        AcceptedJobs accepted = new AcceptedJobs(folder);
        DriverEnd driver =
            new DriverEnd(
                new EnrolmentFile(
                    "context",
                    1,
                    NotingDesk.TOKEN,
                    secure ? cable.url().replace("http:", "https:") : cable.url(),
                    "",
                    1_800_000,
                    50,
                    trust),
                folder,
                accepted,
                handler,
                Duration.ofMillis(300))) {
      driver.start("4.0.5");
      desk.log.append(new Command.KillJob("a"));
      assertThat(NotingDesk.next(handler.commands)).isEqualTo(new Command.KillJob("a"));

      cable.goDead();
      desk.log.append(new Command.KillJob("b"));

      assertThat(NotingDesk.next(handler.commands)).isEqualTo(new Command.KillJob("b"));
    }
  }

  /** The thread that reads them does not end before it has heard of the server once more. */
  @Test
  void carriesOutNoCommandThatComesAfterItWasClosed() throws Exception {
    NotingDesk desk = new NotingDesk();
    NotingHandler handler = new NotingHandler();
    try (LinkServer server =
            new LinkServer(InetAddress.getLoopbackAddress(), 0, folder.resolve("spool"), desk);
        AcceptedJobs accepted = new AcceptedJobs(folder)) {
      EnrolmentFile enrolment =
          new EnrolmentFile("context", 1, NotingDesk.TOKEN, server.url(), "", 1_800_000, 50);
      DriverEnd driver = new DriverEnd(enrolment, folder, accepted, handler);
      driver.start("4.0.5");
      desk.log.append(new Command.KillJob("a"));
      assertThat(NotingDesk.next(handler.commands)).isEqualTo(new Command.KillJob("a"));

      driver.close();
      desk.log.append(new Command.KillJob("b"));

      assertThat(handler.commands.poll(3, TimeUnit.SECONDS)).isNull();
      assertThat(reader()).isEmpty();
    }
  }

  private static List<Thread> reader() {
    return Thread.getAllStackTraces().keySet().stream()
        .filter(thread -> thread.getName().equals("link-commands"))
        .toList();
  }

  /** Its threads are still being started then. */
  @Test
  void isClosedByTheThreadThatIsRefused() throws Exception {
    NotingDesk desk = new NotingDesk();
    try (LinkServer server =
            new LinkServer(InetAddress.getLoopbackAddress(), 0, folder.resolve("spool"), desk);
        AcceptedJobs accepted = new AcceptedJobs(folder)) {
      for (int i = 0; i < 200; i++) {
        EnrolmentFile refused =
            new EnrolmentFile("context", 1, "another token", server.url(), "", 1_800_000, 50);
        ClosingHandler handler = new ClosingHandler();
        DriverEnd driver = new DriverEnd(refused, folder, accepted, handler);
        handler.driver = driver;

        driver.start("4.0.5");

        assertThat(handler.closed.get(10, TimeUnit.SECONDS)).isTrue();
      }
    }
    assertThat(linkThreads()).isEmpty();
  }

  private static List<String> linkThreads() {
    return Thread.getAllStackTraces().keySet().stream()
        .map(Thread::getName)
        .filter(name -> name.startsWith("link-events-"))
        .toList();
  }

  private static final class ClosingHandler extends NotingHandler {
    private final CompletableFuture<Boolean> closed = new CompletableFuture<>();
    private volatile DriverEnd driver;

    @Override
    public void abandoned(String why) {
      try {
        driver.close();
        closed.complete(true);
      } catch (RuntimeException e) {
        closed.completeExceptionally(e);
      }
    }
  }
}
