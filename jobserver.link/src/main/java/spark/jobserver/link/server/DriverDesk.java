package spark.jobserver.link.server;

import java.io.IOException;
import java.util.Optional;
import org.osgi.annotation.versioning.ConsumerType;
import spark.jobserver.api.Content;
import spark.jobserver.link.Enrolment;
import spark.jobserver.link.Event;
import spark.jobserver.link.Heartbeat;
import spark.jobserver.link.Hello;

/**
 * What the server's end of the link asks and tells the core. All methods may be called from many
 * threads at once, and any exception is answered to the driver as "try again".
 */
@ConsumerType
public interface DriverDesk {
  /** Whether a driver is who it says and still wanted. */
  enum Admission {
    ADMITTED,
    /**
     * The token or key is wrong, or the context is not on record here: another server may listen
     * where the driver's own did. A driver that has enrolled goes on looking for its server.
     */
    REFUSED,
    /** Its context is on record and over, or has a newer driver: it shall end itself. */
    GONE
  }

  /** A driver enrols. Admitting it is durable when this returns. */
  Admission enrol(Enrolment enrolment);

  /** A driver shows its key, before anything else it asks. */
  Admission admit(DriverId driver, String key);

  /**
   * A driver dials in for commands. Returns the log to send to it, which forgets by itself what the
   * driver says that it has carried out.
   */
  CommandLog connected(DriverId driver, Hello hello);

  /**
   * A driver's command stream broke off, and no other has taken its place. The driver may live; a
   * heartbeat or a new stream says so.
   */
  void disconnected(DriverId driver);

  /** A driver shows that it lives, and what it has received, for {@link CommandLog#received}. */
  void alive(DriverId driver, Heartbeat beat);

  /**
   * A driver tells something, perhaps again. It is durable when this returns, but for {@link
   * Event.JobProgress} and {@link Event.NamedObjectsListed}, of which nobody expects that.
   *
   * @param attachment what followed the message, readable only until this returns
   */
  void event(DriverId driver, Event event, Content attachment) throws IOException;

  /** The bytes of a bundle that the driver was told to install. */
  Optional<Content> bundle(String digest) throws IOException;

  /** The bytes of a binary. */
  Optional<Content> binary(String digest);
}
