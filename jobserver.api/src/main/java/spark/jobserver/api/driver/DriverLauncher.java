package spark.jobserver.api.driver;

import java.io.IOException;
import java.util.Optional;
import org.osgi.annotation.versioning.ProviderType;

/** Starts driver processes. It knows processes and Spark's launcher, not jobs. */
@ProviderType
public interface DriverLauncher {
  /**
   * Starts a driver and returns as soon as its process exists.
   *
   * @throws IOException when it cannot be started; the message says what to do about it
   */
  DriverProcess launch(DriverSpec spec) throws IOException;

  /**
   * Finds a driver again that an earlier server started, by {@link DriverProcess#reference}.
   *
   * @return the process, which may have ended meanwhile; empty when the reference is unreadable
   */
  Optional<DriverProcess> find(String reference);
}
