package spark.jobserver.link.driver;

import static org.assertj.core.api.Assertions.assertThat;

import java.net.InetAddress;
import java.nio.file.Path;
import java.time.Duration;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;
import spark.jobserver.link.Cable;
import spark.jobserver.link.Command;
import spark.jobserver.link.EnrolmentFile;
import spark.jobserver.link.NotingDesk;
import spark.jobserver.link.server.LinkServer;

@Timeout(30)
class DriverEndTest {
  @TempDir Path folder;

  @Test
  void dialsAgainWhenTheConnectionHasDiedWithoutAWord() throws Exception {
    NotingDesk desk = new NotingDesk();
    NotingHandler handler = new NotingHandler();
    try (LinkServer server =
            new LinkServer(InetAddress.getLoopbackAddress(), 0, folder.resolve("spool"), desk);
        Cable cable = new Cable(server.url());
        AcceptedJobs accepted = new AcceptedJobs(folder);
        DriverEnd driver =
            new DriverEnd(
                new EnrolmentFile("context", 1, NotingDesk.TOKEN, cable.url(), "", 1_800_000, 50),
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
}
