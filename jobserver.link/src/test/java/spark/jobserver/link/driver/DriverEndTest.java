package spark.jobserver.link.driver;

import static org.assertj.core.api.Assertions.assertThat;

import java.net.InetAddress;
import java.nio.file.Path;
import java.time.Duration;
import java.util.List;
import java.util.concurrent.BlockingQueue;
import java.util.concurrent.LinkedBlockingQueue;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;
import spark.jobserver.link.Cable;
import spark.jobserver.link.Command;
import spark.jobserver.link.EnrolmentFile;
import spark.jobserver.link.Hello;
import spark.jobserver.link.NotingDesk;
import spark.jobserver.link.server.LinkServer;

@Timeout(30)
class DriverEndTest {
  @TempDir Path folder;

  private static final class Handler implements CommandHandler {
    final BlockingQueue<Command> commands = new LinkedBlockingQueue<>();

    @Override
    public void command(Command command) {
      commands.add(command);
    }

    @Override
    public Hello hello(String session, long received) {
      return new Hello(session, received, Hello.ContextProgress.NONE, "", "", List.of());
    }

    @Override
    public boolean busy() {
      return true;
    }

    @Override
    public void abandoned(String why) {
      throw new AssertionError(why);
    }
  }

  @Test
  void dialsAgainWhenTheConnectionHasDiedWithoutAWord() throws Exception {
    NotingDesk desk = new NotingDesk();
    Handler handler = new Handler();
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
