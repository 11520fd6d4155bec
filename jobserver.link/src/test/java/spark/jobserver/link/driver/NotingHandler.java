package spark.jobserver.link.driver;

import java.util.List;
import java.util.concurrent.BlockingQueue;
import java.util.concurrent.LinkedBlockingQueue;
import spark.jobserver.link.Command;
import spark.jobserver.link.Heartbeat;
import spark.jobserver.link.Hello;

/** A driver that keeps the commands it is given, and is always busy. */
public class NotingHandler implements CommandHandler {
  public final BlockingQueue<Command> commands = new LinkedBlockingQueue<>();

  @Override
  public void command(Command command) {
    commands.add(command);
  }

  @Override
  public Hello hello(String session, long received) {
    return new Hello(session, received, Hello.ContextProgress.NONE, "", "", List.of());
  }

  @Override
  public Heartbeat heartbeat(String session, long received) {
    return new Heartbeat(session, received, 2, 1);
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
