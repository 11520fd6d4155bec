package spark.jobserver.link.driver;

import org.osgi.annotation.versioning.ConsumerType;
import spark.jobserver.link.Command;
import spark.jobserver.link.Heartbeat;
import spark.jobserver.link.Hello;

/** What the driver's end of the link asks and tells the driver. */
@ConsumerType
public interface CommandHandler {
  /**
   * Carries out a command, or has made sure that it will be, when this returns. Called by one
   * thread, in order; a repeated command is possible. It should return soon, for the commands after
   * it wait, and it should not throw: nobody would be told.
   */
  void command(Command command);

  /** What to say when dialling in, with this session and number. */
  Hello hello(String session, long received);

  /** What to say as a sign of life, with this session and number. Returns at once. */
  Heartbeat heartbeat(String session, long received);

  /** Whether anything runs here, so that the driver must not end itself. */
  boolean busy();

  /**
   * The server does not want this driver any more, or has not been heard of for too long. Called at
   * most once, by a thread of the link, which has ended its work then.
   */
  void abandoned(String why);
}
